internal import ArgumentParser
internal import ProgramSupport

@main
struct Texctl: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "texctl", abstract: "Look into texture memory without a program that uses it.",
    subcommands: [AuditDecode.self, Map.self, Merge.self, Probe.self, Render.self, Soak.self])

  /// Exits 2 where the arguments cannot be understood, as every command does for bad input.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
      Console.say(fullMessage(for: error))
      exit(withError: ExitCode(2))
    }
  }

  /// Runs what may fail for reasons that lie outside the program: one line on standard error, exit 1.
  static func stating<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch {
      Console.say("texctl: \(error)")
      throw ExitCode(1)
    }
  }
}
