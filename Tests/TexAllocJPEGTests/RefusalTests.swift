import Foundation
import SystemPackage
import TexAlloc
import TexAllocJPEG
import TestSupport
import XCTest

final class RefusalTests: XCTestCase {
  func testWhatIsNoJPEGIsNamed() throws {
    let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    assert(.unrecognized("a PNG")) { try JPEGImage(png) }
    assert(.unrecognized("a WebP")) { try JPEGImage(Array("RIFF\0\0\0\0WEBPVP8 ".utf8)) }
    assert(.unrecognized("something that begins with 00 0a")) { try JPEGImage([0, 10]) }
    assert(.empty) { try JPEGImage([]) }
  }

  func testWhatIsNoFileIsNamed() throws {
    try TemporaryFolder.with { folder in
      let path = FilePath(folder.path)
      let pipe = path.appending("pipe")
      XCTAssertEqual(unsafe mkfifo(pipe.string, 0o600), 0)
      assert(.unreadable(.noSuchFileOrDirectory)) {
        try JPEGImage(contentsOf: path.appending("missing.jpg"))
      }
      assert(.notAFile("a directory")) { try JPEGImage(contentsOf: path) }
      assert(.notAFile("a pipe")) { try JPEGImage(contentsOf: pipe) }
      assert(.notAFile("a device")) { try JPEGImage(contentsOf: "/dev/zero") }
      assert(.unrecognized("something that begins with 4e 61 6d 65")) {
        try JPEGImage(contentsOf: "/proc/self/status")
      }
      XCTAssertThrowsError(try JPEGImage(contentsOf: path)) {
        XCTAssertEqual("\($0)", "\(path): is a directory, not a file")
      }
    }
  }

  func testAPlaneThatSomebodyWritesIsRefusedAndStaysAsItWas() throws {
    let photo = try JPEGImage(SampleFile.make(40, 30))
    let pool = try TexturePool(for: [JPEGDecoder.component], from: [MemfdHeap()])
    let buffer = try pool.allocate(photo.descriptor)
    do {
      let writer = buffer.writer()
      XCTAssertThrowsError(try photo.decode(into: buffer)) {
        guard case .bufferInUse(let held) = ($0 as? ImageDecodingError)?.reason
        else { return XCTFail("\($0)") }
        XCTAssertEqual(held, "image: a second writer of plane 0, whose first has not ended")
      }
      XCTAssertEqual(writer.rowCount, 30)
    }
    XCTAssertNil(buffer.discardReason)
    try photo.decode(into: buffer)
  }

  func testWhatTheDecoderCannotDoIsUnsupportedNotDamaged() throws {
    let file = try SampleFile.make(16, 16)
    let frame = try XCTUnwrap(file.indices.first { file[$0...].starts(with: [0xFF, 0xC0]) })
    func patched(_ offset: Int, _ bytes: [UInt8]) -> [UInt8] {
      var patched = file
      patched.replaceSubrange(frame + offset..<frame + offset + bytes.count, with: bytes)
      return patched
    }
    let cases = [
      (patched(1, [0xC3]), "not supported: Unsupported JPEG process: SOF type 0xc3"),
      (patched(4, [12]), "not supported: Unsupported JPEG data precision 12"),
      (patched(5, [0, 0]), "not supported: Empty JPEG image (DNL not supported)"),
      (
        patched(5, [0xFF, 0xFF, 0xFF, 0xFE]),
        "not supported: 65534x65535 pixels; at most 65500 on a side"
      ),
    ]
    for (file, message) in cases {
      XCTAssertThrowsError(try JPEGImage(file)) {
        XCTAssertEqual(($0 as? ImageDecodingError)?.isUnsupported, true)
        XCTAssertEqual("\($0)", "bytes: \(message)")
      }
    }
    XCTAssertThrowsError(try JPEGImage(file).descriptor(as: [.rgb888])) {
      XCTAssertEqual("\($0)", "bytes: not supported: decoding to RG24")
    }
  }

  func testBufferThatDoesNotSuitIsRefusedAndNotTouched() throws {
    let pool = try TexturePool(for: [])
    let photo = try JPEGImage(SampleFile.make(20, 10))
    func buffer(
      _ width: Int, _ fourcc: Fourcc, cpuUsage: [CPUUsage] = [.sequentialWrite]
    ) throws -> TextureBuffer {
      var descriptor = ImageDescriptor(width: width, height: 10, formats: [fourcc])
      (descriptor.writer.cpuUsage, descriptor.writer.deviceUsage) = (cpuUsage, [.capture])
      return try pool.allocate(descriptor)
    }
    let cases = try [
      (
        buffer(20, .gr88),
        "formats: wanted one of AB24, XB24, AR24, XR24, RG16, R8  , NV12, YU12, held GR88"
      ),
      (buffer(21, .abgr8888), "size: wanted 20x10, held 21x10"),
      (
        buffer(20, .abgr8888, cpuUsage: []),
        "cpuUsage: wanted sequentialWrite, held memory that the CPU was not to write"
      ),
    ]
    for (buffer, message) in cases {
      let before = try buffer.allBytes()
      XCTAssertThrowsError(try photo.decode(into: buffer)) {
        XCTAssertEqual("\($0)", "bytes: cannot be decoded into this buffer: \(message)")
      }
      XCTAssertEqual(try buffer.allBytes(), before)
    }
  }

  private func assert<Result>(
    _ reason: ImageDecodingError.Reason, line: UInt = #line, _ body: () throws -> Result
  ) {
    XCTAssertThrowsError(try body(), line: line) {
      XCTAssertEqual(($0 as? ImageDecodingError)?.reason, reason, line: line)
    }
  }
}
