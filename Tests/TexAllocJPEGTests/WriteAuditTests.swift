import AuditSupport
import TestSupport
import TexAlloc
import TexAllocAudit
import TexAllocJPEG
import XCTest

/// Memory of the pool is written in whole lines and never read, whatever becomes of the rows on their
/// way there.
final class WriteAuditTests: XCTestCase {
  private let (width, height) = (37, 50)

  func testInkIsWrittenInWholeLines() throws {
    for storing in PrintFile.Storing.allCases {
      try assertFriendly(PrintFile.make(width, height, storing), "\(storing)")
    }
  }

  func testConvertedColoursAreWrittenInWholeLines() throws {
    var options = DecodingOptions()
    options.appliesProfile = true
    let files = [
      try SampleFile.make(width, height).inserting([.whole(TestProfile.swapped)]),
      try SampleFile.make(width, height, "-grayscale").inserting([.whole(TestProfile.linearGrey)]),
      try PrintFile.make(width, height, .ycck).inserting([.whole(TestProfile.quarters)]),
    ]
    for (index, file) in files.enumerated() { try assertFriendly(file, "\(index)", options) }
  }

  func testCoefficientsAreWrittenInWholeLines() throws {
    for coding in ["", "-sample 1x1 -quality 95", "-grayscale", "-restart 1"] {
      let photo = try JPEGImage(try SampleFile.make(137, 90, coding))
      let pool = try TexturePool(for: [])
      let memory = CoefficientMemory(of: pool)
      let report = try auditing(pool) { _ = try photo.coefficients(in: memory) }
      XCTAssertTrue(report.isWriteCombiningFriendly, "\(report)\n\(coding)")
      XCTAssertGreaterThan(report.fullLineWrites, 100)
    }
  }

  /// What went straight to its place before the damage was found is filled afterwards.
  func testSalvagedRowsAndTheirFillAreWrittenInWholeLines() throws {
    var options = DecodingOptions()
    options.damage = .salvage(fill: [10, 20, 30, 255])
    for coding in ["", "-grayscale", "-sample 1x1 -restart 1", "-progressive"] {
      let file = try SampleFile.make(width, height, coding)
      let part = try JPEGImage(Array(file.prefix(file.count * 4 / 5)), options)
      for fourcc in JPEGDecoder.formats {
        let (report, lines) = try audit(part, as: fourcc)
        XCTAssertEqual(report.loads, 0, "\(coding) as \(fourcc)")
        XCTAssertEqual(report.partialLineWrites, 0, "\(coding) as \(fourcc)")
        XCTAssertEqual(report.linesTouched, lines * height)
        XCTAssertLessThanOrEqual(report.fullLineWrites, lines * (height + 2))
      }
    }
  }

  private func assertFriendly(
    _ file: [UInt8], _ name: String, _ options: DecodingOptions = DecodingOptions()
  ) throws {
    let photo = try JPEGImage(file, options)
    for fourcc in JPEGDecoder.formats {
      let (report, lines) = try audit(photo, as: fourcc)
      XCTAssertTrue(report.isWriteCombiningFriendly, "\(report)\n\(name) as \(fourcc)")
      XCTAssertEqual(report.linesTouched, lines * height)
    }
  }

  /// - Returns: What was done, and how many lines a row has.
  private func audit(
    _ photo: JPEGImage, as fourcc: Fourcc
  ) throws -> (report: AuditReport, lines: Int) {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let buffer = try pool.allocate(photo.descriptor(as: [fourcc]))
    let report = try auditing(pool) { try photo.decode(into: buffer) }
    return (report, buffer.layout.planes[0].pitch / PlaneWriter.lineSize)
  }
}
