import SystemPackage
import XCTest

@testable import TexAlloc
@testable import TexAllocEGL

/// Buffers that the device cannot take, of real memory: the library says what is wrong before the
/// driver would, and the driver would indeed.
final class RefusalTests: XCTestCase {
  func testThreeBytesAPixelAreRefused() throws {
    try withHeaps("typed: RGB888") { heap, gpu in
      let buffer = buffer(in: try memory(of: heap), .rgb888, rows: 8)
      expectRefusedFormat(of: buffer, on: gpu, "EGL_BAD_MATCH")
    }
  }

  func testABufferThatIsTooSmallIsRefused() throws {
    try withHeaps("typed: too small") { heap, gpu in
      let memory = try memory(of: heap)
      let (size, rows) = (memory.size, memory.size / 128 + 1)
      let buffer = buffer(in: memory, .abgr8888, rows: rows)
      XCTAssertThrowsError(try gpu.register(buffer)) {
        XCTAssertEqual(
          $0 as? RegistrationRefused,
          RegistrationRefused(
            .size, by: "gpu", field: "size",
            wanted: "an image within \(size) bytes of memory",
            held: "one that ends at \(rows * 128)"))
      }
      let descriptor = try XCTUnwrap(memory.descriptor)
      XCTAssertThrowsError(try TextureBuffer(adopting: descriptor, buffer.layout, named: "photo")) {
        XCTAssertEqual(
          $0 as? AdoptionRefused,
          .unsuitable(
            buffer: "photo", field: "size", wanted: "an image within \(size) bytes of memory",
            held: "\(rows * 128) at 0"))
      }
    }
  }

  private func withHeaps(
    _ capability: String, _ checks: (any Heap, EGLDevice) throws -> Void
  ) throws {
    let heaps = try PresentHeap.all()
    let gpu = try EGLDevice.importing()
    for present in heaps {
      try CapabilityTable.check(present.name, capability, in: self) {
        try checks(present.heap, gpu)
      }
    }
  }

  private func expectRefusedFormat(
    of buffer: TextureBuffer, on gpu: EGLDevice, _ driversAnswer: String
  ) {
    let (format, heap) = (buffer.layout.format.description, buffer.heap ?? "")
    XCTAssertThrowsError(try gpu.register(buffer), heap) {
      let refusal = $0 as? RegistrationRefused
      XCTAssertEqual(refusal?.component, "gpu")
      XCTAssertEqual(refusal?.cause, .format)
      XCTAssertEqual(refusal?.held, format)
      XCTAssertEqual(refusal?.wanted.contains("AB24"), true, "\($0)")
      XCTAssertEqual(refusal?.wanted.contains(format), false, "\($0)")
    }
    XCTAssertThrowsError(try gpu.importer?.makeImage(of: buffer, on: gpu.connection), heap) {
      XCTAssertEqual(($0 as? EGLFailure)?.reason, driversAnswer, heap)
    }
  }

  private func memory(of heap: any Heap) throws -> AdoptedMemory {
    let slab = try heap.makeSlab(of: 1)
    let file = try AdoptedFile(XCTUnwrap(slab.descriptor), named: heap.name)
    return try AdoptedMemory(
      [AdoptedPart(file, at: 0, mappedFor: [], named: heap.name)], mappedFor: [], heap: heap.name,
      caching: slab.caching, named: heap.name)
  }

  /// An image of which no pool would make one, in rows of 128 bytes.
  private func buffer(
    in memory: AdoptedMemory, _ fourcc: Fourcc, rows: Int
  ) -> TextureBuffer {
    let layout = ImageLayout(
      width: 32, height: rows, format: Format(fourcc),
      planes: [.init(offset: 0, pitch: 128, rows: rows)], size: 128 * rows)
    return TextureBuffer(name: "photo", layout: layout, in: memory, at: 0)
  }
}
