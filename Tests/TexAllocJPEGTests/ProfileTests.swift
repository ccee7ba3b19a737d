import Foundation
import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

final class ProfileTests: XCTestCase {
  func testProfileIsExposedWhole() throws {
    let file = try SampleFile.make(20, 10)
    XCTAssertNil(try JPEGImage(file).header.profile)
    let profile = TestProfile.swapped
    for count in [1, 3, 7] {
      for order in [Array(0..<count), Array((0..<count).reversed())] {
        let photo = try JPEGImage(file.inserting(segments(profile, count, order)))
        XCTAssertEqual(photo.header.profile, profile)
        XCTAssertEqual(photo.warnings, [])
      }
    }
  }

  func testBrokenProfileIsIgnoredWithAWarning() throws {
    let file = try SampleFile.make(20, 10)
    let parts = segments(TestProfile.swapped, 3, [0, 1, 2])
    var longer = TestProfile.swapped
    longer[2] += 1
    let cases: [([Segment], String)] = [
      (Array(parts.dropLast()), "its parts are not those that they say"),
      (parts + [parts[1]], "its parts are not those that they say"),
      ([parts[0], parts[1], parts[1]], "a part of it is there twice"),
      (
        [parts[0], parts[1], .profile(part: 0, of: 3, [])], "its parts are not those that they say"
      ),
      ([.profile(part: 1, of: 1, [UInt8](repeating: 0, count: 200))], "it is no ICC profile"),
      (
        segments(longer, 1, [0]),
        "it says that it has \(longer.count + 256) bytes of \(longer.count)"
      ),
    ]
    for (segments, message) in cases {
      let photo = try JPEGImage(file.inserting(segments))
      XCTAssertNil(photo.header.profile)
      XCTAssertEqual(photo.warnings, ["colour profile ignored: " + message])
    }
  }

  func testColoursStayAsTheyAreUnlessAsked() throws {
    let file = try SampleFile.make(20, 10)
    let pixels = try decode(file.inserting(segments(TestProfile.swapped, 1, [0])), applying: false)
    XCTAssertTrue(pixels == Reference.decode(file, as: .abgr8888))
  }

  func testProfileOfPrimariesAndCurvesBecomesSRGB() throws {
    for coding in ["", "-progressive", "-rgb"] {
      let file = try SampleFile.make(90, 70, coding)
      let before = try XCTUnwrap(Reference.decode(file, as: .abgr8888))
      let expected = stride(from: 0, to: before.count, by: 4).flatMap { start in
        let light = before[start..<start + 3].map { pow(Double($0) / 255, 2.2) }
        return [light[1], light[0], light[2]].map(TestProfile.sRGB) + [255]
      }
      let profiled = file.inserting(segments(TestProfile.swapped, 2, [0, 1]))
      try assertEveryFormat(of: profiled, isWithin: 2, of: expected)
    }
  }

  func testProfileOfGreyBecomesSRGB() throws {
    let file = try SampleFile.make(90, 70, "-grayscale")
    let before = try XCTUnwrap(Reference.decode(file, as: .r8))
    let expected = before.flatMap { grey in
      [Double](repeating: TestProfile.sRGB(Double(grey) / 255), count: 3) + [255]
    }
    try assertEveryFormat(
      of: file.inserting(segments(TestProfile.linearGrey, 1, [0])), isWithin: 2, of: expected)
  }

  func testProfileOfInkBecomesSRGB() throws {
    for storing in PrintFile.Storing.allCases {
      let file = try PrintFile.make(90, 70, storing)
      let ink = try XCTUnwrap(Reference.decodeInk(file))
      let expected = stride(from: 0, to: ink.count, by: 4).flatMap { start in
        let amounts = ink[start..<start + 4].map { Int(storing == .plain ? $0 : 255 - $0) }
        let lightness = 100 * (1 - Double(amounts.reduce(0, +)) / 1020)
        let light =
          lightness > 8 ? pow((lightness + 16) / 116, 3) : lightness * 27 / 24389
        return [Double](repeating: TestProfile.sRGB(light), count: 3) + [255]
      }
      try assertEveryFormat(
        of: file.inserting(segments(TestProfile.quarters, 1, [0])), isWithin: 2, of: expected)
    }
  }

  func testProfileOfOtherColoursIsIgnoredWithAWarning() throws {
    let file = try SampleFile.make(20, 10)
    var options = DecodingOptions()
    options.appliesProfile = true
    for profile in [TestProfile.linearGrey, TestProfile.quarters] {
      let photo = try JPEGImage(file.inserting(segments(profile, 1, [0])), options)
      let warning = "colour profile ignored: it cannot be applied to these colours"
      XCTAssertEqual(photo.warnings, [warning])
      XCTAssertEqual(photo.header.profile, profile)
      let pool = try TexturePool(for: [JPEGDecoder.component])
      let buffer = try pool.allocate(photo.descriptor)
      XCTAssertEqual(try photo.decode(into: buffer).warnings, [warning])
      XCTAssertTrue(try buffer.pixels() == Reference.decode(file, as: .abgr8888))
    }
  }

  func testAppliedProfileIsNotExposed() throws {
    var options = DecodingOptions()
    options.appliesProfile = true
    let file = try SampleFile.make(20, 10).inserting(segments(TestProfile.swapped, 1, [0]))
    let photo = try JPEGImage(file, options)
    XCTAssertNil(photo.header.profile)
    XCTAssertEqual(photo.warnings, [])
  }

  /// Little CMS reads it, and foreign bytes are what it reads.
  func testMutatedProfilesNeverEndTheProcess() throws {
    let file = try SampleFile.make(16, 16)
    let print = try PrintFile.make(16, 16, .ycck)
    var random = SplitMix64(seed: 3)
    for round in 0..<300 {
      var profile = round % 2 == 0 ? TestProfile.swapped : TestProfile.quarters
      for _ in 0..<4 {
        profile[.random(in: 0..<min(400, profile.count), using: &random)] = .random(
          in: 0...255, using: &random)
      }
      let whole = (round % 2 == 0 ? file : print).inserting(segments(profile, 1, [0]))
      _ = try decode(whole, applying: true)
    }
  }

  private func segments(_ profile: [UInt8], _ count: Int, _ order: [Int]) -> [Segment] {
    order.map { part in
      let range = profile.count * part / count..<profile.count * (part + 1) / count
      return .profile(part: UInt8(part + 1), of: UInt8(count), profile[range])
    }
  }

  private func decode(
    _ file: [UInt8], as fourcc: Fourcc = .abgr8888, applying: Bool
  ) throws -> [UInt8] {
    var options = DecodingOptions()
    options.appliesProfile = applying
    let photo = try JPEGImage(file, options)
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let buffer = try pool.allocate(photo.descriptor(as: [fourcc]))
    try photo.decode(into: buffer)
    return try buffer.pixels()
  }

  /// - Parameter expected: Red, green, blue and alpha.
  private func assertEveryFormat(
    of file: [UInt8], isWithin levels: Double, of expected: [Double], line: UInt = #line
  ) throws {
    let pixels = try decode(file, applying: true)
    let difference = zip(pixels, expected).map { abs(Double($0) - $1) }.max() ?? 0
    XCTAssertLessThanOrEqual(difference, levels, line: line)
    let starts = stride(from: 0, to: pixels.count, by: 4)
    XCTAssertTrue(
      try decode(file, as: .argb8888, applying: true)
        == starts.flatMap { [pixels[$0 + 2], pixels[$0 + 1], pixels[$0], 255] }, line: line)
    XCTAssertTrue(
      try decode(file, as: .rgb565, applying: true) == Reference.reduced(pixels), line: line)
    let brightness = starts.map { start in
      let parts = zip(pixels[start...], [0.299, 0.587, 0.114]).map { Double($0) * $1 }
      return parts.reduce(0, +)
    }
    let grey = try decode(file, as: .r8, applying: true)
    XCTAssertLessThanOrEqual(
      zip(grey, brightness).map { abs(Double($0) - $1) }.max() ?? 0, 1, line: line)
  }
}
