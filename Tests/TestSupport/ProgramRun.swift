internal import Foundation

/// One run of a program of this package, from its arguments to what it left behind.
package struct ProgramRun {
  package let status: Int32
  /// Standard output, and standard error.
  package let output, complaint: String

  /// Runs the program that was built with the tests, or the one in the folder that
  /// `TEXALLOC_PROGRAMS` names: a release build.
  ///
  /// - Parameters:
  ///   - additions: To the environment.
  ///   - working: Where it runs; where the tests do if nil.
  ///   - device: Where its standard output goes instead.
  package init(
    _ program: String, _ arguments: [String], environment additions: [String: String] = [:],
    in working: TemporaryFolder? = nil, output device: String? = nil
  ) throws {
    let folder =
      ProcessInfo.processInfo.environment["TEXALLOC_PROGRAMS"].map { URL(filePath: $0) }
      ?? Bundle.main.bundleURL
    let process = Process()
    process.executableURL = folder.appending(path: program)
    process.arguments = arguments
    if let working { process.currentDirectoryURL = working.url }
    process.environment = ProcessInfo.processInfo.environment.merging(additions) { $1 }
    let results = try TemporaryFolder()
    // Files, unlike pipes, are never full.
    process.standardOutput =
      try device.map { try FileHandle(forWritingTo: URL(filePath: $0)) }
      ?? results.newFile("output")
    process.standardError = try results.newFile("complaint")
    try process.run()
    process.waitUntilExit()
    status = process.terminationStatus
    output = device == nil ? try results.text("output") : ""
    complaint = try results.text("complaint")
  }
}

extension TemporaryFolder {
  fileprivate func newFile(_ name: String) throws -> FileHandle {
    try Data().write(to: url.appending(path: name))
    return try FileHandle(forWritingTo: url.appending(path: name))
  }

  fileprivate func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: url.appending(path: name)), as: UTF8.self)
  }
}
