import TexAlloc
import XCTest

final class FormatTableTests: XCTestCase {
  /// What drm_fourcc.h says: pixels across and down that share an element, and its bytes.
  private let planes: [String: [[Int]]] = [
    "AB24": [[1, 1, 4]], "XB24": [[1, 1, 4]], "AR24": [[1, 1, 4]], "XR24": [[1, 1, 4]],
    "R8  ": [[1, 1, 1]], "GR88": [[1, 1, 2]], "RG16": [[1, 1, 2]], "RG24": [[1, 1, 3]],
    "AB30": [[1, 1, 4]], "XR30": [[1, 1, 4]], "AB4H": [[1, 1, 8]], "R16 ": [[1, 1, 2]],
    "GR32": [[1, 1, 4]], "YUYV": [[2, 1, 4]], "UYVY": [[2, 1, 4]],
    "NV12": [[1, 1, 1], [2, 2, 2]], "NV16": [[1, 1, 1], [2, 1, 2]],
    "NV24": [[1, 1, 1], [1, 1, 2]], "YU16": [[1, 1, 1], [2, 1, 1], [2, 1, 1]],
    "YU11": [[1, 1, 1], [4, 1, 1], [4, 1, 1]],
    "P010": [[1, 1, 2], [2, 2, 4]], "YU12": [[1, 1, 1], [2, 2, 1], [2, 2, 1]],
    "YU24": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
  ]

  private func numbers(of shapes: [PlaneShape]?) -> [[Int]]? {
    shapes?.map { [$0.horizontalSubsampling, $0.verticalSubsampling, $0.bytesPerElement] }
  }

  func testFormatsHaveThePlanesOfTheHeader() throws {
    for (code, expected) in planes {
      XCTAssertEqual(numbers(of: Fourcc(code)?.planes), expected, code)
    }
  }

  func testFormatsHaveTheNamesOfTheirCodes() {
    XCTAssertEqual(Format.abgr8888, Format(.abgr8888))
    XCTAssertEqual(Format.p010.description, "P010")
    XCTAssertEqual([Format.xrgb2101010, .yuv444].map(\.fourcc), [Fourcc("XR30"), Fourcc("YU24")])
  }

  func testPlanesOfLumaAndChromaAreFormatsOfTheirOwn() {
    func alone(_ fourcc: Fourcc) -> [Fourcc?]? { fourcc.planes?.map(\.alone) }
    XCTAssertEqual(alone(.nv12), [.r8, .gr88])
    XCTAssertEqual(alone(.yuv420), [.r8, .r8, .r8])
    XCTAssertEqual(alone(.p010), [.r16, .gr1616])
    XCTAssertEqual(alone(.yuyv), [nil])
  }

  func testPoolLaysOutEveryFormatItKnows() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    for fourcc in FormatTable.known.formats {
      let buffer = try pool.allocate(
        ImageDescriptor(width: 33, height: 17, formats: [fourcc]), for: [])
      XCTAssertEqual(buffer.layout.planes.count, fourcc.planes?.count, "\(fourcc)")
      for plane in buffer.layout.planes.indices {
        var writer = buffer.writer(ofPlane: plane)
        writer.fill(0..<writer.rowCount, with: 1)
      }
    }
  }

  func testFormatThatNobodyKnowsIsDescribedByItsPlanes() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let fourcc = try XCTUnwrap(Fourcc("ZZ99"))
    var image = ImageDescriptor(width: 33, height: 17, formats: [fourcc])
    XCTAssertThrowsError(try pool.allocate(image, for: [])) {
      guard case AllocationError.conflict(let conflict) = $0 else { return XCTFail("\($0)") }
      XCTAssertEqual(conflict.field, .formats)
    }
    image.table[fourcc] = [
      PlaneShape([.init(.luma, bits: 16)]),
      PlaneShape([.init(.blueChroma, bits: 16), .init(.redChroma, bits: 16)], across: 2),
    ]
    let layout = try pool.allocate(image, for: []).layout
    XCTAssertEqual(layout.planes.map(\.pitch), [128, 128])
    XCTAssertEqual(layout.planes.map(\.rows), [17, 17])
    XCTAssertEqual([0, 1].map(layout.rowSize), [66, 68])
  }

  func testMergeSpecificationKnowsItsOwnFormatsOnly() throws {
    let page = [
      "AR24", "XR24", "AB24", "XB24", "RG16", "GR88", "R8  ", "YUYV", "UYVY", "NV12", "YU12",
    ]
    XCTAssertEqual(
      Set(FormatTable.specification.formats.map(\.description)), Set(page))
    let camera = BufferAttributes(name: "camera") { $0.formats = [.p010] }
    let image = ImageSize(width: 16, height: 16)
    XCTAssertNotNil(try BufferAttributes.merging([camera], image: image).layout)
    XCTAssertThrowsError(
      try BufferAttributes.merging([camera], image: image, in: .specification)
    ) {
      guard case MergeError.conflict(let conflict) = $0 else { return XCTFail("\($0)") }
      XCTAssertEqual(conflict.field, .formats)
      XCTAssertEqual(conflict.participants.map(\.name), ["camera"])
    }
  }
}
