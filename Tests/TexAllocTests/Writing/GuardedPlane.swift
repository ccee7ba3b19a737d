import TexAlloc
import XCTest

/// A plane in ordinary memory, with guard bytes around it that nobody may touch.
@safe struct GuardedPlane {
  private static let guards = [UInt8](repeating: 0xA5, count: 128)

  let pitch, rowCount: Int
  private let rowSize: Int
  private let memory: UnsafeMutableRawBufferPointer

  /// Lends a plane with the least pitch, or with lines to spare.
  static func with(
    rowSize: Int, rowCount: Int = 1, spareLines: Int = 0, _ body: (GuardedPlane) throws -> Void
  ) rethrows {
    let line = PlaneWriter.lineSize
    let pitch = ((rowSize + line - 1) / line + spareLines) * line
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: pitch * rowCount + 2 * guards.count, alignment: line)
    defer { unsafe memory.deallocate() }
    unsafe memory.initializeMemory(as: UInt8.self, repeating: guards[0])
    try body(
      unsafe GuardedPlane(pitch: pitch, rowCount: rowCount, rowSize: rowSize, memory: memory))
  }

  func write(_ body: (inout PlaneWriter) -> Void) {
    var writer = unsafe PlaneWriter(plane, pitch: pitch, rowSize: rowSize, rowCount: rowCount)
    body(&writer)
  }

  /// What a readback of these bytes by streaming loads gives.
  func streamed(_ range: Range<Int>) -> [UInt8] {
    unsafe [UInt8](streaming: UnsafeRawBufferPointer(rebasing: plane[range]))
  }

  /// Expects these rows, each with zeros behind, and every guard byte as it was.
  func expect(
    _ rows: [[UInt8]], _ message: @autoclosure () -> String, file: StaticString = #filePath,
    line: UInt = #line
  ) {
    let padded = rows.flatMap { $0 + [UInt8](repeating: 0, count: pitch - $0.count) }
    let expected = Self.guards + padded + Self.guards
    let isEqual = unsafe memory.baseAddress.map { unsafe memcmp($0, expected, expected.count) } == 0
    XCTAssert(isEqual, message(), file: file, line: line)
  }

  private var plane: UnsafeMutableRawBufferPointer {
    let start = Self.guards.count
    return unsafe UnsafeMutableRawBufferPointer(rebasing: memory[start..<memory.count - start])
  }
}
