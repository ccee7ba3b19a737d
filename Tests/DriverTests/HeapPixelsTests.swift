import Foundation
import SystemPackage
import TestSupport
import TexAlloc
import TexAllocEGL
import TexAllocJPEG
import XCTest

/// Memory of every heap, on the software device: the picture is that of memfd.
final class HeapPixelsTests: XCTestCase {
  func testEveryHeapShowsThePixelsOfMemfd() throws {
    let heaps = try PresentHeap.all()
    let gpu = try EGLDevice.importing()
    for fourcc in [Fourcc.abgr8888, .xrgb8888, .r8] {
      let expected = try patterns(fourcc, from: MemfdHeap(), on: gpu)
      for present in heaps {
        let shown = try patterns(fourcc, from: present.heap, on: gpu)
        XCTAssertEqual(shown, expected, "\(present.name), \(fourcc)")
        let name = "\(fourcc)".trimmingCharacters(in: .whitespaces)
        CapabilityTable.print(present.name, "\(name) imported", shown == expected)
      }
    }
  }

  func testPhotographsAreDecodedIntoEveryHeap() throws {
    let heaps = try PresentHeap.all()
    let gpu = try EGLDevice.importing()
    let expected = try photograph(from: MemfdHeap(), on: gpu)
    for present in heaps {
      let shown = try photograph(from: present.heap, on: gpu)
      XCTAssertTrue(shown == expected, present.name)
      CapabilityTable.print(present.name, "JPEG to texture", shown == expected)
    }
  }

  /// Two images that share a slab, so that one of them begins at an offset; written after they were
  /// imported.
  private func patterns(
    _ fourcc: Fourcc, from heap: any Heap, on gpu: EGLDevice
  ) throws -> [[UInt8]] {
    let pool = try TexturePool(for: [gpu], from: [heap])
    let descriptor = ImageDescriptor(width: 33, height: 7, formats: [fourcc])
    let buffers = [try pool.allocate(descriptor), try pool.allocate(descriptor)]
    XCTAssertEqual(buffers[0].descriptor, buffers[1].descriptor)
    XCTAssertNotEqual(buffers[1].offset, 0)
    let textures = try buffers.map { try gpu.register($0) }
    for (seed, buffer) in buffers.enumerated() { buffer.writePattern(seed: seed) }
    return try textures.map(pixels)
  }

  private func photograph(from heap: any Heap, on gpu: EGLDevice) throws -> [UInt8] {
    let project = URL(filePath: #filePath).appending(path: "../../..").standardized
    let path = project.appending(path: "assets/photos/brook.jpg").path
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component], from: [heap])
    let image = try JPEGImage(contentsOf: FilePath(path))
    let first = try pool.allocate(image.descriptor)
    let buffer = try pool.allocate(image.descriptor)
    XCTAssertEqual(first.descriptor, buffer.descriptor)
    XCTAssertNotEqual(buffer.offset, 0)
    try image.decode(into: buffer)
    return try pixels(of: gpu.register(buffer))
  }

  private func pixels(of texture: Texture) throws -> [UInt8] {
    XCTAssertEqual(texture.route, .imported)
    return try texture.shownPixels()
  }
}
