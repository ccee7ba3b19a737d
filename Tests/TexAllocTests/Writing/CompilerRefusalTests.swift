import XCTest

/// What the types of the writers rule out, in the compiler's own words.
final class CompilerRefusalTests: XCTestCase {
  func testWritingCompiles() throws {
    try expect(
      nil,
      """
      func write(_ buffer: TextureBuffer, _ pixels: Span<UInt8>) {
        var writer = buffer.writer()
        writer.write(pixels, row: 0)
        var row = writer.row(1)
        row.append(pixels)
      }
      """)
  }

  func testAPlaneCannotBeRead() throws {
    try expect(
      "has no subscripts", "func read(_ plane: borrowing PlaneWriter) -> UInt8 { plane[0] }")
    try expect(
      "'base' is inaccessible", "func read(_ plane: borrowing PlaneWriter) { _ = plane.base }")
    for name in ["span", "bytes", "withUnsafeBytes"] {
      try expect(
        "has no member '\(name)'", "func read(_ plane: borrowing PlaneWriter) { _ = plane.\(name) }"
      )
    }
  }

  func testARowCannotBeRead() throws {
    try expect("has no subscripts", "func read(_ row: borrowing RowWriter) -> UInt8 { row[0] }")
    try expect("'line' is inaccessible", "func read(_ row: borrowing RowWriter) { _ = row.line }")
    for name in ["span", "bytes", "withUnsafeBytes"] {
      try expect(
        "has no member '\(name)'", "func read(_ row: borrowing RowWriter) { _ = row.\(name) }")
    }
  }

  func testAWriterCannotBeCopied() throws {
    try expect(
      "'writer' consumed more than once",
      """
      func copy(_ buffer: TextureBuffer) {
        let writer = buffer.writer()
        let first = writer
        let second = writer
        _ = first.pitch + second.pitch
      }
      """)
  }

  func testAWriterCannotOutliveItsBuffer() throws {
    try expect(
      "'buffer' used after consume",
      """
      func write(_ buffer: consuming TextureBuffer) {
        var writer = buffer.writer()
        _ = consume buffer
        writer.fill(0..<1, with: 0)
      }
      """)
    try expect(
      "lifetime-dependent value escapes its scope",
      """
      func keep(_ buffer: TextureBuffer, in kept: inout [() -> Int]) {
        let writer = buffer.writer()
        kept.append { writer.pitch }
      }
      """)
    try expect(
      "cannot return a ~Escapable result",
      "func keep(_ buffer: TextureBuffer) -> PlaneWriter { buffer.writer() }")
    try expect(
      "non-Escapable type 'PlaneWriter'", "struct Keeper: ~Copyable { var writer: PlaneWriter }")
  }

  func testARowIsAloneWithItsPlane() throws {
    try expect(
      "overlapping accesses to 'writer'",
      """
      func write(_ buffer: TextureBuffer, _ pixels: Span<UInt8>) {
        var writer = buffer.writer()
        var row = writer.row(0)
        writer.fill(1..<2, with: 0)
        row.append(pixels)
      }
      """)
  }

  func testASplitPlaneIsWrittenByThreadsThatAreLent() throws {
    try expect(
      nil,
      """
      func write(_ buffer: TextureBuffer, on workers: any Workers) {
        var luma = buffer.writer(ofPlane: 0)
        var chroma = buffer.writer(ofPlane: 1)
        let (upper, lower) = (luma.split(), chroma.split())
        workers.run(2) { part in
          var writer = upper.writer(ofRows: part * 8..<part * 8 + 8)
          writer.fill(writer.rows, with: 0)
          _ = lower.writer(ofRows: part * 4..<part * 4 + 4)
        }
      }
      """)
  }

  func testNobodyWritesAPlaneWhileItsPartsAreWritten() throws {
    try expect(
      "overlapping accesses to 'writer'",
      """
      func write(_ buffer: TextureBuffer) {
        var writer = buffer.writer()
        let plane = writer.split()
        writer.fill(0..<1, with: 0)
        _ = plane.writer(ofRows: 0..<1)
      }
      """)
  }

  func testAPartCannotOutliveTheWriterOfTheWhole() throws {
    try expect(
      "overlapping accesses to 'writer'",
      """
      func write(_ buffer: TextureBuffer) {
        var writer = buffer.writer()
        let part = writer.split().writer(ofRows: 0..<1)
        writer.fill(0..<1, with: 0)
        _ = part.pitch
      }
      """)
    try expect(
      "lifetime-dependent variable 'plane' escapes its scope",
      """
      func write(_ buffer: TextureBuffer) {
        var writer = buffer.writer()
        let plane = writer.split()
        Task { _ = plane.rows }
      }
      """)
  }

  func testAWriterIsNotSentToAnotherThread() throws {
    try expect(
      "non-Sendable type 'PlaneWriter'",
      """
      func write(_ buffer: TextureBuffer, on workers: any Workers) {
        let writer = buffer.writer()
        workers.run(2) { _ in _ = writer.pitch }
      }
      """)
  }

  /// - Parameter message: In one of the compiler's errors; nil where there are to be none.
  private func expect(
    _ message: String?, _ source: String, file: StaticString = #filePath, line: UInt = #line
  ) throws {
    let errors = try ClientCompiler().errors(in: "import TexAlloc\n" + source)
    let isAsExpected =
      if let message { errors.contains { $0.contains(message) } } else { errors.isEmpty }
    XCTAssert(isAsExpected, "\(source)\n\(errors)", file: file, line: line)
  }
}
