internal import ArgumentParser
internal import SystemPackage

@main
struct Texctl: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "texctl", abstract: "Look into texture memory without a program that uses it.",
    subcommands: [Merge.self])

  /// Exits 2 where the arguments cannot be understood, as every command does for bad input.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
      complain(fullMessage(for: error))
      exit(withError: ExitCode(2))
    }
  }

  /// One line on standard error.
  static func complain(_ message: String) {
    // Nothing is left to be told where standard error itself fails.
    _ = try? FileDescriptor.standardError.writeAll("\(message)\n".utf8)
  }
}
