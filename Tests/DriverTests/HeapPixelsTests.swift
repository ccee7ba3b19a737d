import ProgramSupport
import Foundation
import SystemPackage
import TestSupport
import TexAlloc
import TexAllocAtlas
import TexAllocEGL
import TexAllocJPEG
import TexAllocText
import XCTest

/// Memory of every heap, on the software device: the picture is that of memfd.
final class HeapPixelsTests: XCTestCase {
  func testEveryHeapShowsThePixelsOfMemfd() throws {
    for fourcc in [Fourcc.abgr8888, .xrgb8888, .r8] {
      let name = "\(fourcc)".trimmingCharacters(in: .whitespaces)
      try compare("\(name) imported") { try patterns(fourcc, from: $0, on: $1) }
    }
  }

  /// The driver lists NV12 and takes no image of it: each plane is one.
  func testPlanesOfEveryHeapShowThePixelsOfMemfd() throws {
    for fourcc in [Fourcc.nv12, .yuv420] {
      try compare("\(fourcc) by planes") { try planes(fourcc, from: $0, on: $1) }
    }
  }

  func testPhotographsAreDecodedIntoEveryHeap() throws {
    try compare("JPEG to texture", photograph)
  }

  func testGlyphsAreDrawnOnPagesOfEveryHeap() throws {
    try compare("glyph page", glyphs)
  }

  func testTheGPURendersIntoEveryHeap() throws {
    try compare("rendered into", rendering)
  }

  private func compare(
    _ capability: String, _ pixels: (any Heap, EGLDevice) throws -> [UInt8]
  ) throws {
    let heaps = try PresentHeap.all()
    let gpu = try EGLDevice.importing()
    let expected = try pixels(MemfdHeap(), gpu)
    XCTAssertGreaterThan(Set(expected).count, 1, "all of one colour")
    for present in heaps {
      let shown = try pixels(present.heap, gpu)
      XCTAssertTrue(shown == expected, "\(present.name): \(capability)")
      CapabilityTable.print(present.name, capability, shown == expected)
    }
  }

  /// Two images that share a slab, so that one of them begins at an offset; written after they were
  /// imported.
  private func patterns(
    _ fourcc: Fourcc, from heap: any Heap, on gpu: EGLDevice
  ) throws -> [UInt8] {
    let pool = try TexturePool(for: [gpu], from: [heap])
    let descriptor = ImageDescriptor(width: 33, height: 7, formats: [fourcc])
    let buffers = [try pool.allocate(descriptor), try pool.allocate(descriptor)]
    XCTAssertEqual(buffers[0].descriptor, buffers[1].descriptor)
    XCTAssertNotEqual(buffers[1].offset, 0)
    let textures = try buffers.map { try gpu.register($0) }
    for (seed, buffer) in buffers.enumerated() { buffer.writePattern(seed: seed) }
    return try textures.flatMap(pixels)
  }

  /// Of an image at an offset, written after it was imported.
  private func planes(
    _ fourcc: Fourcc, from heap: any Heap, on gpu: EGLDevice
  ) throws -> [UInt8] {
    let pool = try TexturePool(for: [gpu], from: [heap])
    let image = ImageDescriptor(width: 37, height: 11, formats: [fourcc])
    let (first, buffer) = (try pool.allocate(image), try pool.allocate(image))
    XCTAssertEqual(first.descriptor, buffer.descriptor)
    let texture = try gpu.register(buffer)
    XCTAssertEqual(texture.planes.count, buffer.layout.planes.count)
    for plane in buffer.layout.planes.indices {
      var writer = buffer.writer(ofPlane: plane)
      for y in 0..<writer.rowCount {
        let row = (0..<writer.rowSize).map { UInt8(truncatingIfNeeded: $0 * 7 + y * 31 + plane) }
        writer.write(row.span, row: y)
      }
    }
    return try pixels(of: texture)
  }

  private func photograph(from heap: any Heap, on gpu: EGLDevice) throws -> [UInt8] {
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component], from: [heap])
    let image = try JPEGImage(contentsOf: FilePath(TestPhotograph.path("brook.jpg")))
    let first = try pool.allocate(image.descriptor)
    let buffer = try pool.allocate(image.descriptor)
    XCTAssertEqual(first.descriptor, buffer.descriptor)
    XCTAssertNotEqual(buffer.offset, 0)
    try image.decode(into: buffer)
    return try pixels(of: gpu.register(buffer))
  }

  private func glyphs(from heap: any Heap, on gpu: EGLDevice) throws -> [UInt8] {
    let path = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
    guard FileManager.default.fileExists(atPath: path) else { throw XCTSkip("no \(path)") }
    let face = try FontFace(contentsOf: FilePath(path), in: FontLibrary())
    let cache = GlyphCache(
      in: try TexturePool(for: [gpu], from: [heap]), for: gpu,
      pageSize: ImageSize(width: 64, height: 64))
    for letter: Unicode.Scalar in ["g", "W", "@"] {
      _ = try cache.glyph(XCTUnwrap(face.glyph(for: letter)), of: face, pixelSize: 20)
    }
    try cache.flush()
    XCTAssertEqual(cache.pages.count, 1)
    return try pixels(of: XCTUnwrap(cache.pages[0].texture(on: gpu)))
  }

  /// What is in the memory, not what the GPU shows.
  private func rendering(from heap: any Heap, on gpu: EGLDevice) throws -> [UInt8] {
    let pool = try TexturePool(for: [gpu], from: [heap])
    let image = ImageDescriptor(width: 37, height: 11, formats: [.abgr8888])
    let target = try gpu.registerForRendering(pool.allocate(image, for: .renderTarget))
    let canvas = try Canvas(width: 37, height: 11, framebuffer: target.framebuffer)
    canvas.clear([1, 0, 0, 1])
    try canvas.draw([.init(x: 0, y: 10, width: 37, height: 1, tint: [0, 1, 0, 1])], from: .none)
    _ = try canvas.readPixels()  // waits for the GPU
    return try target.buffer.withContents { bytes in
      bytes.indices.map { bytes[$0] }
    }
  }

  private func pixels(of texture: Texture) throws -> [UInt8] {
    XCTAssertEqual(texture.route, .imported)
    return try texture.shownPixels()
  }
}
