import TexAlloc
import TexAllocEGL
import XCTest

/// Every kind of dma-buf that the machine gives, as if another library had allocated it.
final class AdoptedMemoryTests: XCTestCase {
  private let descriptor = ImageDescriptor(width: 33, height: 7, formats: [.abgr8888])

  func testADMABufIsToldFromAMemfdAndItsHeapIsNamed() throws {
    for (name, heap) in try PresentHeap.all().map({ ($0.name, $0.heap) }) {
      let original = try exportable(from: heap)
      let exported = try original.export()
      let derived = try TextureBuffer(
        adopting: exported.descriptor, original.layout, mappedFor: [.read])
      let isDRM = heap is DumbBufferHeap || heap is GBMHeap
      XCTAssertEqual(derived.heap, isDRM ? nil : heap.name, name)
      if let caching = derived.caching { XCTAssertEqual(caching, original.caching, name) }
      XCTAssertEqual(try derived.withContents { $0[0] }, 1, name)
      let told = try TextureBuffer(
        adopting: exported.descriptor, original.layout, heap: heap.name, caching: .cached)
      XCTAssertEqual(told.heap, heap.name)
      XCTAssertEqual(told.caching, .cached)
      CapabilityTable.print(name, "exported and adopted", derived.heap == nil || !isDRM)
    }
  }

  func testAdoptedDMABufsAreImportedAndTheirPixelsChecked() throws {
    let gpu = try EGLDevice.importing()
    for (name, heap) in try PresentHeap.all().map({ ($0.name, $0.heap) }) {
      let original = try exportable(from: heap)
      let exported = try original.export()
      let adopted = try TextureBuffer(
        adopting: exported.descriptor, original.layout, mappedFor: [.read])
      let texture = try gpu.register(adopted)
      XCTAssertEqual(texture.check, adopted.heap == nil ? .contents : .trial, name)
      let unmapped = try TextureBuffer(adopting: exported.descriptor, original.layout)
      let unmappedTexture = try gpu.register(unmapped)
      if case .none = unmappedTexture.check { XCTAssertNil(unmapped.heap, name) }
      CapabilityTable.print(name, "adopted, imported", texture.route == .imported)
    }
  }

  func testCachedMemoryIsSynchronizedForADeviceThatDoesNotShareTheCaches() throws {
    for (name, heap) in try PresentHeap.all().map({ ($0.name, $0.heap) })
    where heap.attributes.caching == [.cached] {
      let pool = try TexturePool(for: [FarDevice()], from: [heap])
      let buffers = try (0..<3).map { _ in
        try pool.allocate(descriptor, for: [.texture, .cpuRead])
      }
      XCTAssertEqual(Set(buffers.compactMap(\.descriptor)).count, 3, name)
      for buffer in buffers { buffer.writePattern(seed: 1) }
      XCTAssertEqual(try buffers[2].withReadback { $0[0] }, 1, name)
      CapabilityTable.print(name, "synchronized image by image", true)
    }
  }

  private struct FarDevice: Component {
    let attributes = BufferAttributes(name: "far") { $0.deviceUsage = [.sample] }
    var isCoherent: Bool { false }
  }

  private func exportable(from heap: any Heap) throws -> TextureBuffer {
    let buffer = try TexturePool(for: [], from: [heap])
      .allocate(descriptor, for: [.texture, .exportable])
    XCTAssertTrue(try buffer.withContents { $0[0] == 0 && $0[$0.count - 1] == 0 })
    buffer.writePattern(seed: 1)
    return buffer
  }
}
