import CEGL
import SystemPackage
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocEGL

/// Images of several planes, as compositors and cameras hand them over.
final class AdoptedPlaneTextureTests: XCTestCase {
  private let size = ImageSize(width: 4, height: 2)

  func testPlanesInFilesOfTheirOwnAreTexturesOfTheirOwn() throws {
    let gpu = try TestDevice.importing()
    let luma = try memory(.r8, [[1, 2, 3, 4], [5, 6, 7, 8]])
    let chroma = try memory(.gr88, [[9, 9, 9, 9], [10, 20, 30, 40]])
    let (first, second) = try (luma.export().release(), chroma.export().release())
    defer {
      for file in [first, second] { try? file.close() }
    }
    let shown = try [
      AdoptedImage(size, .r8, [.init(first, pitch: 64)]),
      AdoptedImage(
        ImageSize(width: 2, height: 1), .gr88,
        [.init(second, offset: 64, pitch: 64)]),
    ].map { image in
      let texture = try gpu.register(TextureBuffer(adopting: image))
      XCTAssertEqual(texture.route, .imported)
      return try texture.shownPixels()
    }
    XCTAssertEqual(shown[0], (1...8).flatMap { [$0, 0, 0, 255] })
    XCTAssertEqual(shown[1], [10, 20, 0, 255, 30, 40, 0, 255])
  }

  func testPlanesInSeveralFilesAreOneTextureByName() throws {
    let gpu = try TestDevice.importing()
    for fourcc in [Fourcc.nv12, .yuv420] {
      let planes = try XCTUnwrap(fourcc.planes)
      // Each of a pool of its own, as far as can be seen.
      let parts = try planes.map { plane in
        let alone = try XCTUnwrap(plane.alone)
        let (width, height) = (
          (37 + plane.horizontalSubsampling - 1) / plane.horizontalSubsampling, plane.rows(down: 11)
        )
        return try TexturePool(for: [], from: [MemfdHeap()]).allocate(
          ImageDescriptor(width: width, height: height, formats: [alone]), for: .exportable)
      }
      let files = try parts.map { try $0.export().release() }
      defer { for file in files { try? file.close() } }
      let buffer = try TextureBuffer(
        adopting: AdoptedImage(
          ImageSize(width: 37, height: 11), Format(fourcc),
          zip(files, parts).map { .init($0, pitch: $1.layout.planes[0].pitch) }),
        mappedFor: [.sequentialWrite, .read])
      let reference = PlaneReference(buffer.layout, seed: 11)
      reference.write(into: buffer)
      let texture = try gpu.register(buffer)
      XCTAssertEqual(texture.route, .imported)
      if texture.planes.count > 1 {
        XCTAssertEqual(texture.planes.count, planes.count)
        XCTAssertTrue(texture.reason?.hasPrefix("plane by plane") ?? false, texture.reason ?? "")
      }
      try texture.assertShows(reference)
      let uploading = try EGLDevice.surfaceless(.tested, route: .uploaded)
      let copy = try uploading.texture(for: buffer)
      XCTAssertEqual(copy.route, .uploaded)
      try copy.assertShows(reference)
      try gpu.makeCurrent()
    }
    try gpu.collect()
    XCTAssertEqual(gpu.statistics.liveImages, 0)
  }

  func testAFormatThatOnlyItsTableKnowsIsRefusedByName() throws {
    let gpu = try TestDevice.importing()
    let luma = try memory(.r8, Array(repeating: Array(repeating: 7, count: 8), count: 2))
    let file = try luma.export().release()
    defer { try? file.close() }
    let unknown = try XCTUnwrap(Fourcc("ZZ99"))
    var image = AdoptedImage(
      size, Format(unknown), [.init(file, pitch: 64), .init(file, pitch: 64)])
    image.table[unknown] = Fourcc.p010.planes
    let buffer = try TextureBuffer(adopting: image)
    XCTAssertThrowsError(try gpu.register(buffer)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .format)
      XCTAssertTrue("\($0)".contains("ZZ99"), "\($0)")
    }
    XCTAssertEqual(gpu.statistics.liveImages, 0)
  }

  func testMoreThanOneFileIsHandedToTheDriver() throws {
    let gpu = try TestDevice.importing()
    let luma = try memory(.r8, [[1, 2, 3, 4], [5, 6, 7, 8]])
    let chroma = try memory(.gr88, [[9, 9, 9, 9]])
    let (first, second) = try (luma.export().release(), chroma.export().release())
    defer {
      for file in [first, second] { try? file.close() }
    }
    let buffer = try TextureBuffer(
      adopting: AdoptedImage(
        size, .nv12,
        [.init(first, pitch: 64), .init(second, offset: 64, pitch: 128)]))
    let places = [0, 1].map { buffer.place(ofPlane: $0) }
    XCTAssertNotEqual(places[0].descriptor, places[1].descriptor)
    let attributes = try XCTUnwrap(gpu.importer).attributes(of: buffer)
    func value(_ key: EGLint) -> EGLint? {
      stride(from: 0, to: attributes.count - 1, by: 2).first { attributes[$0] == key }
        .map { attributes[$0 + 1] }
    }
    XCTAssertEqual(value(EGL_DMA_BUF_PLANE0_FD_EXT), places[0].descriptor?.rawValue)
    XCTAssertEqual(value(EGL_DMA_BUF_PLANE0_OFFSET_EXT), 0)
    XCTAssertEqual(value(EGL_DMA_BUF_PLANE1_FD_EXT), places[1].descriptor?.rawValue)
    XCTAssertEqual(value(EGL_DMA_BUF_PLANE1_OFFSET_EXT), 64)
    XCTAssertEqual(value(EGL_DMA_BUF_PLANE1_PITCH_EXT), 128)
    XCTAssertEqual(attributes.last, EGL_NONE)
  }

  /// A memory of rows of 64 bytes that another library allocated, as far as can be seen.
  private func memory(_ fourcc: Fourcc, _ rows: [[UInt8]]) throws -> TextureBuffer {
    let width = rows[0].count / (fourcc == .r8 ? 1 : 2)
    let buffer = try TexturePool(for: [], from: [MemfdHeap()]).allocate(
      ImageDescriptor(width: width, height: rows.count, formats: [fourcc]), for: .exportable)
    var writer = buffer.writer()
    for (index, row) in rows.enumerated() { writer.write(row.span, row: index) }
    return buffer
  }
}
