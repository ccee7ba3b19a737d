import Foundation
import TestSupport
import XCTest

/// What a decode takes besides the texture, seen from outside of a program of its own.
final class MemoryTests: XCTestCase {
  private static let codings = ["", "-sample 1x1", "-grayscale", "-restart 1", "-progressive"]

  /// Without the optimiser, Swift's own loops over pixels allocate.
  private static let isOptimised =
    ProcessInfo.processInfo.environment["TEXALLOC_PROGRAMS"] != nil

  func testNothingIsAllocatedForARow() throws {
    for coding in Self.codings where coding != "-grayscale" || Self.isOptimised {
      let few = try watch(SampleFile.make(200, 64, coding))
      let many = try watch(SampleFile.make(200, 640, coding))
      XCTAssertEqual(few.allocations, many.allocations, accuracy: 9, coding)
    }
    guard Self.isOptimised else { return }
    for storing in PrintFile.Storing.allCases {
      for segments in [[], [Segment.whole(TestProfile.quarters)]] {
        let files = try [64, 640].map {
          try PrintFile.make(200, $0, storing).inserting(segments)
        }
        let runs = try files.map { try watch($0, "--icc") }
        XCTAssertEqual(
          runs[0].allocations, runs[1].allocations, accuracy: 9, "\(storing)")
        let halves = try files.map { try watch($0.prefix($0.count / 2), "--icc", "--salvage") }
        XCTAssertEqual(
          halves[0].allocations, halves[1].allocations, accuracy: 9, "\(storing)")
      }
    }
  }

  func testPeakIsThatOfTheTextureAndTwoMiB() throws {
    let (width, height) = (1200, 900)
    let texture = width * height * 4
    for coding in Self.codings {
      // Of a progressive file 2 bytes for each coefficient, of two colours a quarter as many.
      let coefficients =
        coding == "-progressive" ? 2 * (width + 16) * (height + 16) * 3 / 2 : 0
      let run = try watch(SampleFile.make(width, height, coding))
      XCTAssertLessThan(run.peak, texture + coefficients + (2 << 20), coding)
    }
  }

  /// - Returns: Allocations of a decode, and bytes that the first took at its peak.
  private func watch(
    _ file: some Sequence<UInt8>, _ options: String...
  ) throws -> (allocations: Int, peak: Int) {
    try TemporaryFolder.with { folder in
      let path = folder.appending(path: "photo.jpg").path
      try Data(file).write(to: URL(filePath: path))
      let run = try ProgramRun("watcheddecode", [path] + options)
      XCTAssertEqual(run.status, 0, run.complaint)
      let numbers = run.output.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
      XCTAssertEqual(numbers.count, 2, run.output)
      if numbers.first == 0 { throw XCTSkip("a sanitizer stands before malloc") }
      return (numbers[0], numbers[1] << 10)
    }
  }
}
