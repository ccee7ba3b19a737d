internal import Glibc
internal import SystemPackage

/// Lines for the person who looks on: on standard error, so that standard output is for results.
package enum Console {
  /// A line that stays.
  package static func say(_ line: String) {
    write(line + "\n")
  }

  /// A line that the next one replaces on a terminal; elsewhere a line like any other.
  package static func progress(_ line: String) {
    if isTerminal { write(clearLine + line) } else { say(line) }
  }

  /// Sees that what was printed got to where it was to go: a disk may be full.
  package static func endOutput() throws(ProgramFailure) {
    guard fflush(nil) != 0 else { return }
    throw ProgramFailure("standard output: \(Errno(rawValue: errno))")
  }

  /// Takes the line of progress away.
  package static func endProgress() {
    if isTerminal { write(clearLine) }
  }

  private static let clearLine = "\r\u{1B}[K"

  private static let isTerminal = isatty(FileDescriptor.standardError.rawValue) != 0

  private static func write(_ text: String) {
    // Nothing is left to be told where standard error itself fails.
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
  }
}

extension Duration {
  package var milliseconds: Double { self / .milliseconds(1) }
}
