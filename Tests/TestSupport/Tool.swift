internal import Foundation
private import XCTest

/// The programs of libjpeg-turbo, as a stranger would run them.
package enum Tool {
  /// - Parameter options: Of cjpeg(1), as one would type them.
  package static func cjpeg(_ portablePixmap: [UInt8], _ options: String) throws -> [UInt8] {
    try run("cjpeg", options, on: portablePixmap)
  }

  /// The pixels in red, green and blue, or in grey.
  ///
  /// - Parameter options: Of djpeg(1), as one would type them.
  package static func djpeg(_ file: [UInt8], _ options: String = "") throws -> [UInt8] {
    let portablePixmap = try run("djpeg", "-pnm \(options)", on: file)
    let header = portablePixmap.split(
      separator: UInt8(ascii: "\n"), maxSplits: 3, omittingEmptySubsequences: false)
    return Array(header[3])
  }

  /// Turns a picture without decoding it.
  ///
  /// - Parameter options: Of jpegtran(1), as one would type them.
  package static func jpegtran(_ file: [UInt8], _ options: String) throws -> [UInt8] {
    try run("jpegtran", options, on: file)
  }

  private static func run(_ name: String, _ options: String, on input: [UInt8]) throws -> [UInt8] {
    let tool = "/usr/bin/" + name
    guard FileManager.default.isExecutableFile(atPath: tool) else {
      throw XCTSkip("no \(tool): install libjpeg-turbo-progs")
    }
    return try TemporaryFolder.with { folder in
      let (from, to) = (folder.appending(path: "from"), folder.appending(path: "to"))
      try Data(input).write(to: from)
      let process = Process()
      process.executableURL = URL(filePath: tool)
      process.arguments =
        options.split(separator: " ").map(String.init) + ["-outfile", to.path, from.path]
      process.standardError = nil
      try process.run()
      process.waitUntilExit()
      XCTAssertEqual(process.terminationStatus, 0, "\(name) \(options)")
      return try [UInt8](Data(contentsOf: to))
    }
  }
}
