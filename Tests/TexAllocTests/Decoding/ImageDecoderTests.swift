import Synchronization
import TestSupport
import TexAlloc
import XCTest

final class ImageDecoderTests: XCTestCase {
  private let file: [UInt8] = [UInt8(ascii: "F"), 2, 3, 1, 2, 3, 4, 5, 6]
  private let decoder = ForeignDecoder()

  private func open(_ file: [UInt8]) throws -> any EncodedImage {
    try decoder.open(ImageSource(file, named: "picture"), DecodingOptions())
  }

  private func buffer(_ image: ImageDescriptor) throws -> TextureBuffer {
    let pool = try TexturePool(for: [decoder], from: [MemfdHeap()])
    return try pool.allocate(image, for: [])
  }

  func testDecoderOfOthersFillsABufferOfAPool() throws {
    let (file, other) = (file, [UInt8(ascii: "X")])
    XCTAssertTrue(decoder.recognizes(file.span.extracting(first: decoder.signatureSize)))
    XCTAssertFalse(decoder.recognizes(other.span))
    let picture = try open(file)
    XCTAssertEqual(picture.header.descriptor.size, ImageSize(width: 2, height: 3))
    XCTAssertEqual(picture.header.size, ImageSize(width: 3, height: 2), "shown on its side")
    let buffer = try buffer(picture.header.descriptor)
    let done = Mutex<[Double]>([])
    let report = try picture.decode(into: buffer, on: CallingThread()) { part in
      done.withLock { $0.append(part) }
      return true
    }
    XCTAssertEqual(report, DecodingReport(goodRows: 0..<3))
    XCTAssertEqual(done.withLock { $0 }, [1 / 3, 2 / 3, 1])
    let pitch = buffer.layout.planes[0].pitch
    let pixels = try buffer.withContents { bytes in
      [0, 1, pitch, pitch + 1, 2 * pitch, 2 * pitch + 1].map { bytes[$0] }
    }
    XCTAssertEqual(pixels, [1, 2, 3, 4, 5, 6])
  }

  func testDecodingEndsWhereTheCallerDoesNotGoOn() throws {
    let picture = try open(file)
    let buffer = try buffer(picture.header.descriptor)
    XCTAssertThrowsError(try picture.decode(into: buffer, on: CallingThread()) { $0 < 0.5 }) {
      XCTAssertEqual("\($0)", "picture: cancelled")
    }
  }

  func testFormatsOfAPictureCanBeChosen() throws {
    let header = try open(file).header
    XCTAssertEqual(try buffer(header.descriptor).layout.format, Format(.r8))
    let colourful = try header.descriptor(as: [.xbgr8888])
    XCTAssertEqual(try buffer(colourful).layout.format, Format(.xbgr8888))
    XCTAssertThrowsError(try header.descriptor(as: [.r8, .nv12])) {
      XCTAssertEqual("\($0)", "picture: not supported: decoding to NV12")
      XCTAssertEqual(($0 as? ImageDecodingError)?.isUnsupported, true)
    }
  }

  func testUnsuitableBufferIsRefusedWithWhatWouldDo() throws {
    let picture = try open(file)
    func refusal(_ image: ImageDescriptor) throws -> String {
      let buffer = try buffer(image)
      do {
        _ = try picture.decode(into: buffer, on: CallingThread()) { _ in true }
        return "none"
      } catch { return "\(error)" }
    }
    let start = "picture: cannot be decoded into this buffer: "
    XCTAssertEqual(
      try refusal(ImageDescriptor(width: 2, height: 3, formats: [.abgr8888])),
      start + "formats: wanted one of R8  , XB24, held AB24")
    XCTAssertEqual(
      try refusal(ImageDescriptor(width: 3, height: 2, formats: [.r8])),
      start + "size: wanted 2x3, held 3x2")
    let camera = BufferAttributes(name: "camera") {
      ($0.formats, $0.deviceUsage) = ([Format(.r8)], [.capture])
    }
    XCTAssertEqual(
      try refusal(ImageDescriptor(width: 2, height: 3, writtenBy: camera)),
      start + "cpuUsage: wanted sequentialWrite, held memory that the CPU was not to write")
  }

  func testCallingThreadDoesEveryPartInOrder() {
    let parts = Mutex<[Int]>([])
    CallingThread().run(5) { part in parts.withLock { $0.append(part) } }
    XCTAssertEqual(parts.withLock { $0 }, [0, 1, 2, 3, 4])
  }
}
