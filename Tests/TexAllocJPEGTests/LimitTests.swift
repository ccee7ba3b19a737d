import SystemPackage
import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

final class LimitTests: XCTestCase {
  func testEachLimitIsKept() throws {
    let file = try SampleFile.make(100, 50, "-progressive")
    // 7 x 4 units of two by two blocks of brightness, and one of each colour.
    let coefficients = 7 * 4 * 6 * 64 * 2
    try assertRefused(file, "width", 100) { $0.width = 99 }
    try assertRefused(file, "height", 50) { $0.height = 49 }
    try assertRefused(file, "pixels", 5000) { $0.pixels = 4999 }
    try assertRefused(file, "bytes of coefficients", coefficients) {
      $0.coefficients = coefficients - 1
    }
    try assertRefused(file, "scans", 10) { $0.scans = 9 }
    // The clock is looked at every millisecond or so.
    try assertRefused(try SampleFile.make(1000, 1000), "milliseconds", 1) { $0.time = .zero }
  }

  func testWhatIsJustWithinTheLimitsIsDecoded() throws {
    let file = try SampleFile.make(100, 50, "-progressive")
    try decode(file) {
      ($0.width, $0.height, $0.pixels, $0.scans) = (100, 50, 5000, 10)
      $0.coefficients = 7 * 4 * 6 * 64 * 2
      $0.markerBytes = 0
    }
  }

  func testBytesOfMarkersAreLimitedBeforeTheyAreKept() throws {
    let profile = Segment.profile(part: 1, of: 2, [UInt8](repeating: 0, count: 1000))
    let exif = Segment.exif([UInt8](repeating: 0, count: 500))
    let file = try SampleFile.make(9, 9).inserting([profile, exif])
    // The bytes of each segment behind its name.
    let bytes = 1002 + 500
    try assertRefused(file, "bytes of EXIF and colour profile", bytes) {
      $0.markerBytes = bytes - 1
    }
    try decode(file) { $0.markerBytes = bytes }
  }

  func testMarkersThatNobodyWantsTakeNoMemory() throws {
    let comment = Segment(marker: 0xFE, bytes: [UInt8](repeating: 7, count: 65_533))
    let file = try SampleFile.make(9, 9).inserting(Array(repeating: comment, count: 100))
    try decode(file) { $0.markerBytes = 0 }
  }

  /// A few bytes that claim as many pixels as a JPEG can have.
  func testLiarCostsNoMemory() throws {
    var file = try SampleFile.make(16, 16)
    let frame = try XCTUnwrap(file.indices.first { file[$0...].starts(with: [0xFF, 0xC0]) })
    file.replaceSubrange(frame + 5..<frame + 9, with: [0x40, 0, 0x40, 0])
    let photo = try JPEGImage(file)
    XCTAssertEqual(photo.size, ImageSize(width: 16384, height: 16384))
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let buffer = try pool.allocate(photo.descriptor)
    let before = try residentKiB()
    for _ in 0..<10 {
      XCTAssertThrowsError(try photo.decode(into: buffer)) {
        XCTAssertEqual(
          "\($0)",
          "bytes: damaged at row 0: Corrupt JPEG data: premature end of data segment")
      }
    }
    // The rows of blocks that lie in the cache, and the library's own.
    XCTAssertLessThan(try residentKiB() - before, 8 << 10)
  }

  @discardableResult
  private func decode(
    _ file: [UInt8], _ set: (inout JPEGLimits) -> Void
  ) throws -> DecodingReport {
    var limits = JPEGLimits()
    set(&limits)
    let photo = try JPEGImage(file, by: JPEGDecoder(limits: limits))
    let pool = try TexturePool(for: [JPEGDecoder.component])
    return try photo.decode(into: pool.allocate(photo.descriptor))
  }

  /// Where the limit is one less than what the file has.
  private func assertRefused(
    _ file: [UInt8], _ what: String, _ found: Int, line: UInt = #line,
    _ set: (inout JPEGLimits) -> Void
  ) throws {
    do {
      try decode(file, set)
      XCTFail("decoded", line: line)
    } catch let error as ImageDecodingError {
      XCTAssertEqual(error.reason, .tooMuch(what, found: found, limit: found - 1), line: line)
    }
  }

  private func residentKiB() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try XCTUnwrap(text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
    return try XCTUnwrap(Int(line.filter(\.isNumber)))
  }
}
