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
