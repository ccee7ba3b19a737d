import Foundation
import XCTest

/// Compiles what a client of the modules under test might write, as the package manager would.
struct ClientCompiler {
  /// The part of the package manager's description of a build that says how it compiles a module.
  private struct Build: Decodable {
    struct Command: Decodable {
      let moduleName, executable, importPath: String
      let otherArguments: [String]
    }
    let swiftCommands: [String: Command]
  }

  private let executable: URL
  private let arguments: [String]

  init() throws {
    let build = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    guard let description = try? Data(contentsOf: build.appending(path: "description.json")) else {
      throw XCTSkip("no description of the build in \(build.path)")
    }
    let commands = try JSONDecoder().decode(Build.self, from: description).swiftCommands.values
    let command = try XCTUnwrap(commands.first { $0.moduleName == "TexAllocTests" })
    guard FileManager.default.isExecutableFile(atPath: command.executable) else {
      throw XCTSkip("no compiler at \(command.executable)")
    }
    executable = URL(filePath: command.executable)
    // Where modules are, and no more: not the name of the package, whose clients see more.
    let included = zip(command.otherArguments, command.otherArguments.dropFirst()).flatMap {
      $0 == "-Xcc" ? [$0, $1] : $1.hasPrefix("-I/") && $0 != "-Xcc" ? [$1] : []
    }
    arguments =
      ["-I", command.importPath, "-module-cache-path", build.appending(path: "ModuleCache").path]
      + included
  }

  /// The errors of all of the compiler's checks, also of those of lifetimes, which come after those
  /// of types.
  func errors(in source: String) throws -> [Substring] {
    try errors(
      of: executable, in: source, "swift",
      ["-emit-sil", "-o", "/dev/null", "-parse-as-library", "-swift-version", "6"] + arguments)
  }

  /// The errors and warnings of the C compiler beside it.
  ///
  /// - Parameter folder: With the headers that the source includes.
  func errors(inC source: String, including folder: URL) throws -> [Substring] {
    let clang = executable.deletingLastPathComponent().appending(path: "clang")
    guard FileManager.default.isExecutableFile(atPath: clang.path) else {
      throw XCTSkip("no compiler at \(clang.path)")
    }
    return try errors(
      of: clang, in: source, "c",
      ["-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I", folder.path])
  }

  private func errors(
    of compiler: URL, in source: String, _ language: String, _ arguments: [String]
  ) throws -> [Substring] {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).\(language)")
    try Data(source.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let (process, pipe) = (Process(), Pipe())
    process.executableURL = compiler
    process.arguments = arguments + [file.path]
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let errors = output.split(separator: "\n").filter { $0.contains("error: ") }
    XCTAssertEqual(process.terminationStatus == 0, errors.isEmpty, output)
    return errors
  }
}
