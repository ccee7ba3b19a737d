internal import Foundation
package import XCTest

/// Expects something to end the process, and to say why on standard error: it is done in a process of
/// its own, which runs the test up to there.
///
/// - Parameters:
///   - words: Some of what is said.
///   - test: The test that calls this.
package func XCTAssertEndsTheProcess(
  saying words: String, in test: XCTestCase, file: StaticString = #filePath, line: UInt = #line,
  _ body: () throws -> Void
) throws {
  let key = "TEXALLOC_TEST_ENDS"
  if let awaited = ProcessInfo.processInfo.environment[key] {
    guard awaited == "\(line)" else { return }
    try body()
    exit(0)
  }
  let method = test.name.split(separator: ".").last ?? ""
  let process = Process()
  // The first argument is how it was called, which may be a name that was looked for.
  process.executableURL = Bundle.main.executableURL
  process.arguments = ["\(String(reflecting: type(of: test)))/\(method)"]
  process.environment = ProcessInfo.processInfo.environment.merging([
    key: "\(line)", "SWIFT_BACKTRACE": "enable=no",
  ]) { $1 }
  let pipe = Pipe()
  process.standardError = pipe
  process.standardOutput = FileHandle.nullDevice
  try process.run()
  let complaint = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  XCTAssertEqual(process.terminationReason, .uncaughtSignal, complaint, file: file, line: line)
  XCTAssertTrue(complaint.contains(words), complaint, file: file, line: line)
}
