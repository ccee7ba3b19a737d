import CTurboJPEG
import Foundation
import SystemPackage
import TexAlloc
import TexAllocJPEG
import TestSupport
import XCTest

final class RefusalTests: XCTestCase {
  func testWhatIsNoJPEGIsNamed() throws {
    let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    assert(.notJPEG("a PNG")) { try JPEGImage(png) }
    assert(.notJPEG("a WebP")) { try JPEGImage(Array("RIFF\0\0\0\0WEBPVP8 ".utf8)) }
    assert(.notJPEG("something that begins with 00 0a")) { try JPEGImage([0, 10]) }
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
      assert(.notJPEG("something that begins with 4e 61 6d 65")) {
        try JPEGImage(contentsOf: "/proc/self/status")
      }
      XCTAssertThrowsError(try JPEGImage(contentsOf: path)) {
        XCTAssertEqual("\($0)", "\(path): is a directory, not a file")
      }
    }
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
      (cmyk(), "not supported: colours for print (CMYK)"),
    ]
    for (file, message) in cases {
      XCTAssertThrowsError(try JPEGImage(file)) {
        XCTAssertEqual(($0 as? JPEGError)?.isUnsupported, true)
        XCTAssertEqual("\($0)", "bytes: \(message)")
      }
    }
    XCTAssertThrowsError(try JPEGImage(file).descriptor(as: [.rgb565])) {
      XCTAssertEqual("\($0)", "bytes: not supported: decoding to RG16")
    }
  }

  func testLimitsAreKept() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let file = try SampleFile.make(100, 50, "-progressive")
    func limits(_ set: (inout JPEGLimits) -> Void) -> JPEGLimits {
      var limits = JPEGLimits()
      set(&limits)
      return limits
    }
    assert(.tooMuch(.fileSize, found: file.count, limit: 99)) {
      try JPEGImage(file, limits: limits { $0.fileSize = 99 })
    }
    assert(.tooMuch(.pixels, found: 5000, limit: 4999)) {
      try JPEGImage(file, limits: limits { $0.pixels = 4999 })
    }
    // 7 x 4 units of two by two blocks of brightness, and one of each colour.
    let coefficients = 7 * 4 * 6 * 64 * 2
    assert(.tooMuch(.coefficients, found: coefficients, limit: coefficients - 1)) {
      try JPEGImage(file, limits: limits { $0.coefficients = coefficients - 1 })
    }
    let photo = try JPEGImage(
      file,
      limits: limits {
        $0.scans = 9
        $0.coefficients = coefficients
      })
    let buffer = try pool.allocate(photo.descriptor)
    assert(.tooMuch(.scans, found: 10, limit: 9)) { try photo.decode(into: buffer) }
  }

  func testFileIsNotReadBeyondTheLimit() throws {
    var limits = JPEGLimits()
    limits.fileSize = 99
    try TemporaryFolder.with { folder in
      let url = folder.appending(path: "large.jpg")
      try Data(count: 100).write(to: url)
      assert(.tooMuch(.fileSize, found: 100, limit: 99)) {
        try JPEGImage(contentsOf: FilePath(url.path), limits: limits)
      }
      // Its size is said to be 0.
      assert(.tooMuch(.fileSize, found: 100, limit: 99)) {
        try JPEGImage(contentsOf: "/proc/self/status", limits: limits)
      }
    }
  }

  func testBufferThatDoesNotSuitIsRefusedAndNotTouched() throws {
    let pool = try TexturePool(for: [])
    let photo = try JPEGImage(SampleFile.make(20, 10))
    func buffer(_ width: Int, _ fourcc: Fourcc, pitchAlignment: Int = 64) throws -> TextureBuffer {
      var descriptor = ImageDescriptor(width: width, height: 10, formats: [fourcc])
      descriptor.writer.pitchAlignment = pitchAlignment
      return try pool.allocate(descriptor)
    }
    let cases = try [
      (
        buffer(20, .rgb565), "formats: wanted one of AB24, XB24, AR24, XR24, R8  , held RG16"
      ),
      (buffer(21, .abgr8888), "size: wanted 20x10, held 21x10"),
      (buffer(20, .abgr8888, pitchAlignment: 4), "pitchAlignment: wanted 64, held a pitch of 80"),
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
    _ reason: JPEGError.Reason, line: UInt = #line, _ body: () throws -> Result
  ) {
    XCTAssertThrowsError(try body(), line: line) {
      XCTAssertEqual(($0 as? JPEGError)?.reason, reason, line: line)
    }
  }

  private func cmyk() -> [UInt8] {
    let codec = unsafe tjInitCompress()
    defer { unsafe tjDestroy(codec) }
    let pixels = [UInt8](repeating: 99, count: 8 * 8 * 4)
    var file: UnsafeMutablePointer<UInt8>?
    var size: UInt = 0
    let result = unsafe tjCompress2(
      codec, pixels, 8, 0, 8, TJPF_CMYK.rawValue, &file, &size, CInt(TJSAMP_444.rawValue), 90, 0)
    XCTAssertEqual(result, 0)
    defer { unsafe tjFree(file) }
    return unsafe [UInt8](UnsafeBufferPointer(start: file, count: Int(size)))
  }
}
