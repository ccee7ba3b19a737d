import Synchronization
import TestSupport
import TexAlloc
import XCTest

/// A plane has one writer or any number of readers, and a split plane a writer for each row.
final class ExclusivityTests: XCTestCase {
  func testASecondWriterOfAPlaneEndsTheProcess() throws {
    let buffer = try image(.r8)
    try XCTAssertEndsTheProcess(
      saying: "photo: a second writer of plane 0, whose first has not ended", in: self
    ) {
      let first = buffer.writer()
      let second = buffer.writer()
      _ = first.pitch + second.pitch
    }
  }

  func testAWriterEndsTheProcessWhileItsPlaneIsRead() throws {
    let buffer = try image(.r8)
    try XCTAssertEndsTheProcess(
      saying: "photo: a writer of plane 0, which is being read", in: self
    ) {
      try buffer.withContents { _ in
        var writer = buffer.writer()
        writer.fill(0..<1, with: 0)
      }
    }
  }

  func testReadingIsRefusedWhileThePlaneIsWritten() throws {
    let buffer = try image(.nv12)
    var writer = buffer.writer(ofPlane: 1)
    writer.fill(0..<1, with: 7)
    XCTAssertThrowsError(
      try buffer.withContents(ofPlane: 1) { _ in XCTFail("read") }
    ) {
      XCTAssertEqual((($0 as? ReadbackRefused)?.reason), .beingWritten(plane: 1))
      XCTAssertEqual("\($0)", "photo: plane 1 has a writer that has not ended")
    }
    XCTAssertNoThrow(try buffer.withContents { _ in })
    writer.fill(1..<2, with: 7)
  }

  func testEachPlaneOfAnImageHasAWriterOfItsOwn() throws {
    let buffer = try image(.nv12)
    do {
      var luma = buffer.writer(ofPlane: 0)
      var chroma = buffer.writer(ofPlane: 1)
      luma.fill(0..<luma.rowCount, with: 1)
      chroma.fill(0..<chroma.rowCount, with: 2)
    }
    for plane in 0..<2 {
      let first = try buffer.withContents(ofPlane: plane) { $0[0] }
      XCTAssertEqual(first, UInt8(plane) + 1)
    }
  }

  func testAPlaneIsReadByManyAndWrittenAfterTheLast() throws {
    let buffer = try image(.r8)
    for round in UInt8(1)...3 {
      do {
        var writer = buffer.writer()
        writer.fill(0..<writer.rowCount, with: round)
      }
      try buffer.withContents { outer in
        XCTAssertEqual(outer[0], round)
        XCTAssertEqual(try? buffer.withContents { $0[0] }, round)
      }
    }
  }

  func testThreadsWriteTheRowsOfASplitPlane() throws {
    let buffer = try image(.r8, height: 100)
    do {
      var writer = buffer.writer()
      writer.writeBands(of: 7, on: Threads()) { band in
        for row in band.rows { band.fill(row..<row + 1, with: UInt8(row)) }
      }
    }
    try buffer.withContents { bytes in
      XCTAssertEqual((0..<100).map { bytes[$0 * 64] }, Array(0..<100))
    }
  }

  func testPlanesAreSplitTogetherAndPartsAgain() throws {
    let buffer = try image(.nv12, height: 64)
    do {
      var luma = buffer.writer(ofPlane: 0)
      var chroma = buffer.writer(ofPlane: 1)
      write(luma.split(), chroma.split())
      // Once the parts have ended, the whole is written again.
      luma.fill(0..<1, with: 9)
    }
    try buffer.withContents { bytes in
      XCTAssertEqual(
        (0..<64).map { bytes[$0 * 64] }, [9] + (1..<64).map { UInt8($0 / 16 + 1) })
    }
    try buffer.withContents(ofPlane: 1) { bytes in
      XCTAssertEqual((0..<32).map { bytes[$0 * 64] }, (0..<32).map { UInt8($0 / 8 + 1) })
    }
  }

  private func write(_ luma: SplitPlane, _ chroma: SplitPlane) {
    Threads().run(4) { part in
      var luma = luma.writer(ofRows: part * 16..<(part + 1) * 16)
      var chroma = chroma.writer(ofRows: part * 8..<(part + 1) * 8)
      luma.writeBands(of: 5, on: CallingThread()) { $0.fill($0.rows, with: UInt8(part + 1)) }
      chroma.fill(chroma.rows, with: UInt8(part + 1))
    }
  }

  func testARowOfASplitPlaneIsGivenAwayOnce() throws {
    let buffer = try image(.r8, height: 8)
    try XCTAssertEndsTheProcess(
      saying: "some of the rows 3..<5 have a writer already, or had one", in: self
    ) {
      var writer = buffer.writer()
      let plane = writer.split()
      _ = plane.writer(ofRows: 0..<2)
      _ = plane.writer(ofRows: 4..<8)
      _ = plane.writer(ofRows: 2..<3)
      _ = plane.writer(ofRows: 3..<5)
    }
  }

  func testAPartWritesNoRowButItsOwn() throws {
    let buffer = try image(.r8, height: 8)
    try XCTAssertEndsTheProcess(
      saying: "row 4 is none of the rows 2..<4 of the writer", in: self
    ) {
      var writer = buffer.writer()
      let plane = writer.split()
      var part = plane.writer(ofRows: 2..<4)
      _ = part.row(4)
    }
    try XCTAssertEndsTheProcess(
      saying: "the rows 3..<5 are not among the rows 2..<4 of the writer", in: self
    ) {
      var writer = buffer.writer()
      let plane = writer.split()
      var part = plane.writer(ofRows: 2..<4)
      part.fill(3..<5, with: 0)
    }
    try XCTAssertEndsTheProcess(saying: "the rows 7..<9 are not among 0..<8", in: self) {
      var writer = buffer.writer()
      _ = writer.split().writer(ofRows: 7..<9)
    }
  }

  func testWhatIsNoneOfAnImagesPlanesOrRowsIsSaidInWords() throws {
    let buffer = try image(.r8, height: 8)
    let noPlane = "photo: there is no plane 1 among the 1 of R8"
    try XCTAssertEndsTheProcess(saying: noPlane, in: self) { _ = buffer.writer(ofPlane: 1).pitch }
    try XCTAssertEndsTheProcess(saying: noPlane, in: self) {
      try buffer.withContents(ofPlane: 1) { _ in }
    }
    try XCTAssertEndsTheProcess(
      saying: "the rows 7..<9 are not among the rows 0..<8 of the writer", in: self
    ) {
      var writer = buffer.writer()
      writer.fill(7..<9, with: 0)
    }
    try XCTAssertEndsTheProcess(
      saying: "row 8 is none of the rows 0..<8 of the writer", in: self
    ) {
      var writer = buffer.writer()
      writer.write([UInt8](repeating: 0, count: 20).span, row: 8)
    }
  }

  private func image(_ format: Fourcc, height: Int = 4) throws -> TextureBuffer {
    try TexturePool(for: [], from: [MemfdHeap()]).allocate(
      ImageDescriptor(width: 20, height: height, formats: [format]), named: "photo")
  }
}

/// As many threads as there are processors.
private struct Threads: Workers {
  let count = ProcessInfo.processInfo.activeProcessorCount

  func run(_ parts: Int, _ body: @Sendable (Int) -> Void) {
    DispatchQueue.concurrentPerform(iterations: parts, execute: body)
  }

  func begin(_ job: @escaping @Sendable () -> Void) { DispatchQueue.global().async(execute: job) }
}
