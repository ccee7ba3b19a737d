import TestSupport
import XCTest

@testable import TexAlloc

/// Whose constraints an image keeps.
final class PoolComponentsTests: XCTestCase {
  private struct Plain: Component {
    let attributes: BufferAttributes
    var quirks: [BufferAttributes] = []

    init(
      _ name: String, quirks: [BufferAttributes] = [],
      _ set: (inout BufferConstraints) -> Void = { _ in }
    ) {
      attributes = BufferAttributes(name: name, set)
      self.quirks = quirks
    }
  }

  private let image = ImageDescriptor(width: 100, height: 2, formats: [.abgr8888])
  private let device = FakeDevice()

  func testAComponentThatStatesNoUsageHasASayInEveryImage() throws {
    let wide = Plain("wide") { $0.pitchAlignment = 256 }
    let narrow = Plain("narrow") { $0.maxWidth = 50 }
    for others in [[], [device]] as [[any Component]] {
      XCTAssertEqual(try pitch(in: others + [wide]), 512)
      XCTAssertThrowsError(try pitch(in: others + [wide, narrow])) {
        guard case AllocationError.conflict(let conflict) = $0 else { return XCTFail("\($0)") }
        XCTAssertEqual(conflict.field, .width)
        XCTAssertTrue(conflict.participants.map(\.name).contains("narrow"))
      }
    }
  }

  func testAnEmptyListOfUsagesStatesNone() throws {
    let wide = Plain("wide") { ($0.pitchAlignment, $0.deviceUsage, $0.cpuUsage) = (256, [], []) }
    XCTAssertEqual(try pitch(in: [device, wide]), 512)
  }

  func testAComponentThatOnlyWritesByCPUHasASayInTheImagesThatItWrites() throws {
    let quirk = BufferAttributes(name: "quirk") { $0.minPitch = 1024 }
    let writer = Plain("writer", quirks: [quirk]) {
      ($0.pitchAlignment, $0.cpuUsage) = (256, [.sequentialWrite])
    }
    XCTAssertEqual(try pitch(in: [device, writer]), 448)
    var own = image
    own.writer.name = "writer"
    XCTAssertEqual(try pitch(of: own, in: [device, writer]), 1024, "its quirks go with it")
  }

  func testAComponentThatReadsByCPUHasASayInTheImagesThatAreRead() throws {
    let reader = Plain("reader") { ($0.pitchAlignment, $0.cpuUsage) = (256, [.read]) }
    XCTAssertEqual(try pitch(in: [device, reader]), 448)
    XCTAssertEqual(try pitch(for: [.texture, .cpuRead], in: [device, reader]), 512)
  }

  func testWhoWritesByCPUHasRowsOfWholeLinesOrATypedError() throws {
    // The first says nothing of its usage.
    for usage in [nil, [.sequentialWrite], [.randomWrite]] as [[CPUUsage]?] {
      let writer = BufferAttributes(name: "decoder") {
        ($0.formats, $0.cpuUsage) = ([Format(.abgr8888)], usage)
      }
      let own = ImageDescriptor(width: 100, height: 2, writtenBy: writer)
      XCTAssertEqual(try pitch(of: own, in: [FakeDevice()]), 448)
      let tight = Plain("tight") { $0.maxPitch = 400 }
      XCTAssertThrowsError(try pitch(of: own, in: [device, tight])) {
        guard case AllocationError.conflict(let conflict) = $0 else { return XCTFail("\($0)") }
        XCTAssertEqual(conflict.field, .maxPitch)
        XCTAssertEqual(conflict.participants.map(\.name), ["cpu writer", "tight"])
      }
      var ordinary = own
      ordinary.writer.maxPitch = 400
      XCTAssertThrowsError(try ImageAllocator(for: [], from: []).allocate(ordinary)) {
        guard case AllocationError.conflict(let conflict) = $0 else { return XCTFail("\($0)") }
        XCTAssertEqual(conflict.participants.map(\.name), ["cpu writer", "decoder"])
      }
    }
  }

  func testAnImageThatNoCPUWritesHasAnyPitchAndNoWriter() throws {
    let camera = BufferAttributes(name: "camera") {
      ($0.formats, $0.deviceUsage) = ([Format(.abgr8888)], [.capture])
    }
    let frame = ImageDescriptor(width: 100, height: 2, writtenBy: camera)
    let pool = try TexturePool(for: [FakeDevice { $0.pitchAlignment = 4 }], from: [MemfdHeap()])
    let buffer = try pool.allocate(frame, for: [.texture, .capture], named: "frame")
    XCTAssertEqual(buffer.layout.planes[0].pitch, 400)
    XCTAssertTrue(buffer.cpuUsage.isEmpty)
    let trial = try XCTUnwrap(buffer.makeTrial())
    trial.storeRows([UInt8](repeating: 7, count: 400).span, 1..<2)
    try trial.withContents { XCTAssertEqual([$0[399], $0[400], $0[799]], [0, 7, 7]) }
    try XCTAssertEndsTheProcess(
      saying: "frame: it was neither allocated nor adopted for the CPU to write", in: self
    ) {
      _ = buffer.writer()
    }
  }

  func testAComponentOfADeviceHasASayWhereTheDeviceIsUsed() throws {
    let camera = Plain("camera") { ($0.pitchAlignment, $0.deviceUsage) = (256, [.capture]) }
    XCTAssertEqual(try pitch(in: [device, camera]), 448)
    XCTAssertEqual(try pitch(for: [.texture, .capture], in: [device, camera]), 512)
  }

  func testTheUsageOfAnAlternativeIsTheComponents() throws {
    var display = Plain("display") { $0.pitchAlignment = 256 }.attributes
    display.alternatives = [.init { $0.deviceUsage = [.scanout] }]
    struct Display: Component { let attributes: BufferAttributes }
    let components: [any Component] = [device, Display(attributes: display)]
    XCTAssertEqual(try pitch(in: components), 448)
    XCTAssertEqual(try pitch(for: [.texture, .scanout], in: components), 512)
  }

  func testQuirksTakePartWhereverTheirComponentDoes() throws {
    let quirk = BufferAttributes(name: "quirk") {
      ($0.pitchAlignment, $0.deviceUsage) = (256, [.encode])
    }
    let camera = Plain("camera", quirks: [quirk]) { $0.deviceUsage = [.capture] }
    XCTAssertEqual(try pitch(in: [device, camera]), 448)
    XCTAssertEqual(try pitch(for: [.texture, .capture], in: [device, camera]), 512)
    let anywhere = Plain("anywhere", quirks: [quirk])
    XCTAssertEqual(try pitch(in: [device, anywhere]), 512)
  }

  func testAUsageThatNobodyDoesIsATypedErrorThatSaysWhoIsThere() throws {
    let pool = try TexturePool(for: [device, Plain("plain")], from: [MemfdHeap()])
    XCTAssertThrowsError(try pool.allocate(image, for: [.texture, .scanout, .encode])) {
      XCTAssertEqual(
        $0 as? AllocationError, .noUser([.encode, .scanout], components: ["device", "plain"]))
      XCTAssertEqual(
        "\($0)",
        "encode, scanout: the usage of no component of the pool (device, plain), nor of the writer")
    }
    XCTAssertEqual(pool.statistics.slots, 0)
    XCTAssertNoThrow(try pool.allocate(image))
  }

  func testTheWritersUsageCounts() throws {
    let camera = BufferAttributes(name: "camera") {
      ($0.formats, $0.deviceUsage) = ([Format(.abgr8888)], [.capture])
    }
    let frame = ImageDescriptor(width: 100, height: 2, writtenBy: camera)
    XCTAssertNoThrow(try pitch(of: frame, for: [.texture, .capture], in: [device]))
  }

  /// Its users are not known, so nothing is known to be missing.
  func testAPoolOfNoDeviceTakesAnyUsage() throws {
    XCTAssertNoThrow(try pitch(for: .scanout, in: []))
    XCTAssertNoThrow(try pitch(for: .scanout, in: [Plain("writer") { $0.cpuUsage = [.read] }]))
  }

  func testAHeapThatListsAnotherNameIsATypedError() throws {
    for listed in [["other"], ["own", "other"], nil] as [[String]?] {
      let heap = FakeHeap("own") { $0.heaps = listed }
      XCTAssertThrowsError(try TexturePool(for: [], from: [MemfdHeap(), heap])) {
        guard case AllocationError.invalid(let invalid) = $0 else { return XCTFail("\($0)") }
        XCTAssertEqual(invalid.participant, "own")
        XCTAssertEqual(invalid.field, "heaps")
      }
    }
  }

  func testABufferNamesTheHeapOfItsPoolWhereThatDelegates() throws {
    struct Delegating: Heap {
      let attributes = BufferAttributes(name: "mine") { $0.heaps = ["mine"] }
      func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
        try MemfdHeap().makeSlab(of: size)
      }
    }
    let device = FakeDevice { $0.heaps = ["mine"] }
    let pool = try TexturePool(for: [device], from: [Delegating()])
    XCTAssertEqual(try pool.allocate(image).heap, "mine")
  }

  private func pitch(
    of image: ImageDescriptor? = nil, for flags: AllocationFlags = .texture,
    in components: [any Component]
  ) throws -> Int? {
    let pool = try TexturePool(for: components, from: [MemfdHeap()])
    return try pool.allocate(image ?? self.image, for: flags).layout.planes.first?.pitch
  }
}
