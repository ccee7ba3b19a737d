import CEGL
import Dispatch
import Synchronization
import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

/// Memory of the driver's own that the GPU copies from.
final class MappedBufferTests: XCTestCase {
  func testTheGPUShowsWhatWasWrittenIntoAMappedBuffer() throws {
    let (gpu, buffers) = try device()
    for heap in [buffers.written, buffers.read] {
      let pool = try TexturePool(for: [], from: [heap])
      for fourcc in [Fourcc.abgr8888, .xbgr8888, .argb8888, .xrgb8888, .r8, .gr88, .rgb565] {
        _ = try pool.allocate(ImageDescriptor(width: 9, height: 9, formats: [fourcc]))
        let buffer = try pool.allocate(ImageDescriptor(width: 65, height: 9, formats: [fourcc]))
        Self.paint(buffer, seed: 5)
        let texture = try gpu.register(buffer)
        XCTAssertEqual(texture.route, .transferred)
        XCTAssertEqual(texture.check, .trial)
        XCTAssertEqual(texture.bytesTransferred, 9 * buffer.layout.rowSize(ofPlane: 0))
        XCTAssertEqual(texture.bytesUploaded, 0)
        let same = try TexturePool(for: []).allocate(
          ImageDescriptor(width: 65, height: 9, formats: [fourcc]))
        Self.paint(same, seed: 5)
        XCTAssertEqual(
          try texture.shownPixels(), try gpu.texture(for: same).shownPixels(), "\(fourcc)")
      }
    }
  }

  func testRowsLieAsTheyDoWhateverTheApplicationSaysOfItsOwn() throws {
    let (gpu, buffers) = try device()
    let pool = try TexturePool(for: [], from: [buffers.written])
    defer {
      glPixelStorei(GLenum(GL_UNPACK_ALIGNMENT), 4)
      glPixelStorei(GLenum(GL_UNPACK_ROW_LENGTH), 0)
    }
    for (fourcc, width) in [(Fourcc.r8, 64), (.r8, 61), (.rgb565, 65), (.abgr8888, 32)] {
      let image = ImageDescriptor(width: width, height: 9, formats: [fourcc])
      let same = try TexturePool(for: []).allocate(image)
      Self.paint(same, seed: 5)
      let wanted = try gpu.texture(for: same).shownPixels()
      let buffer = try pool.allocate(image, for: [.texture, .rewritten])
      let texture = try gpu.register(buffer)
      for alignment in [GLint(1), 2, 4, 8] {
        for length in [0, GLint(width), GLint(buffer.layout.planes[0].pitch), 7] {
          Self.fill(buffer, with: 0)
          try texture.contentsChanged()
          glPixelStorei(GLenum(GL_UNPACK_ALIGNMENT), alignment)
          glPixelStorei(GLenum(GL_UNPACK_ROW_LENGTH), length)
          Self.paint(buffer, seed: 5)
          try texture.contentsChanged()
          let what = "\(fourcc), \(width) pixels, \(alignment), \(length)"
          XCTAssertTrue(try texture.shownPixels() == wanted, what)
          for (name, value) in [
            (GL_UNPACK_ALIGNMENT, alignment), (GL_UNPACK_ROW_LENGTH, length),
          ] {
            var found: GLint = 0
            unsafe glGetIntegerv(GLenum(name), &found)
            XCTAssertEqual(found, value, what)
          }
        }
      }
    }
  }

  func testOnlyTheRowsThatAreToldOfAreCopiedAgain() throws {
    let (gpu, buffers) = try device()
    let pool = try TexturePool(for: [], from: [buffers.written])
    let buffer = try pool.allocate(ImageDescriptor(width: 16, height: 8, formats: [.r8]))
    Self.fill(buffer, with: 10)
    let texture = try gpu.register(buffer)
    Self.fill(buffer, with: 20)
    try texture.contentsChanged(rows: 2..<5)
    let shown = try texture.shownPixels()
    XCTAssertEqual(
      (0..<8).map { shown[$0 * 16 * 4] }, [10, 10, 20, 20, 20, 10, 10, 10])
    XCTAssertEqual(gpu.statistics.bytesCopied(.transferred), (8 + 3) * 16)
  }

  func testSlabsAreMadeOnAnyThreadAndOutliveTheirDevice() throws {
    var slab: Slab?
    do {
      let (_, buffers) = try device()
      let results = Mutex<[Result<Slab, SystemFailure>]>([])
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        let result = Result { () throws(SystemFailure) in
          try buffers.written.makeSlab(of: 1 << 20)
        }
        results.withLock { $0.append(result) }
      }
      for result in results.withLock({ $0 }) { slab = try result.get() }
    }
    let size = 1 << 20
    // The slab keeps the memory.
    let bytes = try unsafe XCTUnwrap(slab).bytes(in: 0..<size)
    XCTAssertTrue(unsafe bytes.allSatisfy { $0 == 0 })
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 7)
    XCTAssertEqual(unsafe bytes[size / 2], 7)
  }

  func testAnotherDeviceDoesNotTakeTheBuffersForItsOwn() throws {
    let (_, buffers) = try device()
    let pool = try TexturePool(for: [], from: [buffers.written])
    let buffer = try pool.allocate(ImageDescriptor(width: 8, height: 8, formats: [.r8]))
    let (other, others) = try device()
    XCTAssertNotEqual(buffers.written.name, others.written.name)
    XCTAssertThrowsError(try other.register(buffer))
  }

  func testADriverThatCopiesOnTheCPUIsToldByItsTiming() throws {
    // On one H100 and on llvmpipe; in microseconds.
    for (small, large, isByDriver) in [(5, 8, false), (80, 128, false), (3, 312, true)] {
      let timing = CopyTiming(small: .microseconds(small), large: .microseconds(large))
      XCTAssertEqual(timing.isByDriver, isByDriver, "\(timing)")
    }
    let (gpu, buffers) = try device()
    if gpu.description.isSoftware { XCTAssertTrue(buffers.timing.isByDriver, "\(buffers.timing)") }
    print("mapped buffers of \(gpu.description.driver):", buffers.timing)
  }

  private func device() throws -> (EGLDevice, MappedBuffers) {
    let gpu = try EGLDevice.surfaceless(.tested)
    do { return (gpu, try gpu.mappedBuffers()) } catch {
      throw XCTSkip("no mapped buffers here: \(error)")
    }
  }

  private static func paint(_ buffer: TextureBuffer, seed: UInt8) {
    var writer = buffer.writer()
    for y in 0..<writer.rowCount {
      let row = (0..<writer.rowSize).map { UInt8(truncatingIfNeeded: $0 * 7 + y * 31) ^ seed }
      writer.write(row.span, row: y)
    }
  }

  private static func fill(_ buffer: TextureBuffer, with value: UInt8) {
    var writer = buffer.writer()
    writer.fill(0..<writer.rowCount, with: value)
  }
}
