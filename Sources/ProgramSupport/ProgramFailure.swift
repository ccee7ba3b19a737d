package import ArgumentParser

/// Why a program ends: one line for standard error.
package struct ProgramFailure: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

extension ParsableCommand {
  /// A program's `main()`: exits 2 where the arguments cannot be understood, as every command does for
  /// bad input.
  package static func runToExit() {
    do {
      var command = try parseAsRoot()
      try command.run()
      try stating { try Console.endOutput() }
    } catch {
      exit(sayingWhy: error)
    }
  }

  fileprivate static func exit(sayingWhy error: any Error) -> Never {
    guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
    Console.say(fullMessage(for: error))
    exit(withError: ExitCode(2))
  }

  /// Runs what may fail for reasons that lie outside the program: one line on standard error, exit 1.
  package static func stating<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch {
      Console.endProgress()
      Console.say("\(programName): \(error)")
      throw ExitCode(1)
    }
  }

  private static var programName: String {
    CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? _commandName
  }
}

extension AsyncParsableCommand {
  /// The same for a program that waits.
  package static func runToExit() async {
    do {
      var command = try parseAsRoot()
      if var waiting = command as? any AsyncParsableCommand {
        try await waiting.run()
      } else {
        try command.run()
      }
      try stating { try Console.endOutput() }
    } catch {
      exit(sayingWhy: error)
    }
  }
}
