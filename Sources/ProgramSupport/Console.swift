internal import Glibc
internal import SystemPackage

/// Lines for the person who looks on: on standard error, so that standard output is for results.
package enum Console {
  /// A line that stays.
  package static func say(_ line: String) {
    write(line + "\n")
  }

  /// A line that the next one replaces, on a terminal; nothing elsewhere.
  package static func progress(_ line: String) {
    guard isTerminal else { return }
    write("\r\u{1B}[K" + line)
  }

  /// Takes the line of progress away.
  package static func endProgress() {
    progress("")
  }

  private static let isTerminal = isatty(FileDescriptor.standardError.rawValue) != 0

  private static func write(_ text: String) {
    // Nothing is left to be told where standard error itself fails.
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
  }
}
