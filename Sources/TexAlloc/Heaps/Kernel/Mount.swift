/// A file system in the tree of files: proc_pid_mountinfo(5).
package struct Mount: Sendable {
  /// The folder of the file system that is mounted.
  package let root: String
  /// Where.
  package let point: String
  /// `ext4`, `nfs4`, `cgroup2`.
  package let kind: String
  /// What the file system was told.
  package let options: String

  /// All that the process sees, later ones above earlier ones of the same place.
  ///
  /// - Parameter root: In front of the path that is read; for tests.
  package static func all(root: String = "") -> [Mount] {
    let lines = SystemFile.text(of: root + "/proc/self/mountinfo") ?? ""
    return lines.split(separator: "\n").compactMap(Mount.init)
  }

  private init?(_ line: Substring) {
    let fields = line.split(separator: " ")
    guard let dash = fields.dropFirst(6).firstIndex(of: "-") else { return nil }
    let rest = Array(fields[(dash + 1)...])
    guard rest.count > 2 else { return nil }
    (root, point) = (Self.plain(fields[3]), Self.plain(fields[4]))
    (kind, options) = (String(rest[0]), String(rest[2]))
  }

  /// Spaces and their like are written as octal numbers.
  private static func plain(_ text: Substring) -> String {
    guard text.contains("\\") else { return String(text) }
    var bytes: [UInt8] = []
    var rest = Substring(text).utf8
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), let number = UInt8(String(Substring(rest.prefix(3))), radix: 8)
      {
        bytes.append(number)
        rest.removeFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
