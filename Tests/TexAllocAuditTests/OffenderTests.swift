import AuditSupport
import CTurboJPEG
import Foundation
import TestSupport
import TexAlloc
import TexAllocAudit
import XCTest

/// Writers that do what nobody should: the report names the line of each.
final class OffenderTests: XCTestCase {
  func testAddingToPixelsReadsThem() throws {
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(256, 4, in: pool)
    var place: UInt = 0
    let report = try auditing(pool) {
      unsafe buffer.withBytes { pixels in
        place = #line + 1
        for index in 0..<1024 { unsafe pixels[index] &+= 3 }
      }
    }
    XCTAssertEqual(report.loads, 1024)
    XCTAssertEqual(report.stores, 1024)
    expect(.readModifyWrite, 1024, at: place, in: report)
    expect(.partialLine, 1024, at: place, in: report)
    XCTAssertFalse(report.isWriteCombiningFriendly)
  }

  func testSummingPixelsReadsThem() throws {
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(256, 4, in: pool)
    var sum = 0
    var place: UInt = 0
    let report = try auditing(pool) {
      unsafe buffer.withBytes { pixels in
        place = #line + 1
        for index in 0..<1024 { sum += Int(unsafe pixels[index]) }
      }
    }
    XCTAssertEqual(report.stores, 0)
    expect(.load, 1024, at: place, in: report)
  }

  func testColumnAfterColumnLeavesLinesPartlyWritten() throws {
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(64, 32, in: pool)
    var place: UInt = 0
    let report = try auditing(pool) {
      unsafe buffer.withBytes { pixels in
        for x in 0..<64 {
          place = #line + 1
          for y in 0..<32 { unsafe pixels[y * 64 + x] = 1 }
        }
      }
    }
    XCTAssertEqual(report.linesTouched, 32)
    XCTAssertEqual(report.partialLineWrites, 64 * 32)
    expect(.partialLine, 64 * 32, at: place, in: report)
    expect(.jumpBackward, 63, at: place, in: report)
  }

  func testTenLinesCanBeOpenAtATimeAndElevenCannot() throws {
    let pool = try TexturePool(for: [])
    for count in [10, 11] {
      let buffer = try TextureBuffer.bytes(64, count, in: pool)
      let report = try auditing(pool) {
        unsafe buffer.withBytes { pixels in
          for x in 0..<64 {
            for y in 0..<count { unsafe pixels[y * 64 + x] = 1 }
          }
        }
      }
      XCTAssertEqual(report.linesTouched, count)
      XCTAssertEqual(report.fullLineWrites, count == 10 ? 10 : 0)
      XCTAssertEqual(report.partialLineWrites, count == 10 ? 0 : 11 * 64)
    }
  }

  func testCopyingOddRowsLeavesLinesPartlyWritten() throws {
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(100, 40, in: pool)
    let row = [UInt8](repeating: 1, count: 100)
    var place: UInt = 0
    let report = try auditing(pool) {
      unsafe buffer.withBytes { pixels in
        place = #line + 1
        for y in 0..<40 { unsafe memcpy(pixels + y * 128, row, 100) }
      }
    }
    XCTAssertEqual(report.linesTouched, 80)
    XCTAssertGreaterThanOrEqual(report.partialLineWrites, 40)
    expect(.partialLine, report.partialLineWrites, at: place, in: report)
    XCTAssertFalse(report.isWriteCombiningFriendly)
  }

  /// The last store of each row is one of libjpeg-turbo's assembler, which nothing tells how to unwind.
  func testADecoderThatKnowsNoLinesIsTracedToItsCaller() throws {
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(321 * 4, 481, in: pool)
    let file = try [UInt8](Data(contentsOf: URL(filePath: TestPhotograph.path("brook.jpg"))))
    let decoder = unsafe tjInitDecompress()
    defer { unsafe tjDestroy(decoder) }
    var place: UInt = 0
    let report = try auditing(pool) {
      unsafe buffer.withBytes { pixels in
        place = #line + 1
        _ = unsafe tjDecompress2(
          decoder, file, UInt(file.count), pixels, 321, 1344, 481, CInt(TJPF_RGBA.rawValue), 0)
      }
    }
    XCTAssertEqual(report.partialLineWrites, 481)
    expect(.partialLine, 481, at: place, in: report)
  }

  func testWritingTwiceIsSeen() throws {
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(256, 4, in: pool)
    var place: UInt = 0
    let report = try auditing(pool) {
      var writer = buffer.writer()
      writer.fill(0..<4, with: 1)
      place = #line + 1
      writer.fill(0..<4, with: 2)
    }
    XCTAssertEqual(report.fullLineShare, 1)
    XCTAssertEqual(report.busWritesPerLine, 2)
    expect(.lineAgain, 16, at: place, in: report)
  }

  func testReadingBackIsSeen() throws {
    let pool = try TexturePool(for: [])
    let buffer = try TextureBuffer.bytes(256, 4, in: pool)
    var place: UInt = 0
    let report = try auditing(pool) {
      place = #line + 1
      _ = try buffer.withContents { bytes in bytes[0] }
    }
    XCTAssertEqual(report.loads, 1)
    expect(.load, 1, at: place, in: report)
  }

  /// Expects one offender of this kind, with its place in this file.
  private func expect(
    _ offence: Offence, _ count: Int, at place: UInt, in report: AuditReport, line: UInt = #line
  ) {
    let offenders = report.offenders.filter { $0.offence == offence }
    XCTAssertEqual(offenders.map(\.count).reduce(0, +), count, "\(report)", line: line)
    for offender in offenders {
      let frame = offender.backtrace.first { $0.file?.hasSuffix("/OffenderTests.swift") == true }
      XCTAssertEqual(frame?.line, Int(place), "\(offender)", line: line)
    }
  }
}
