internal import Glibc
package import SystemPackage
package import TexAlloc
internal import TexAllocJSON

/// A file of text that is written whole or not at all.
package enum TextFile {
  /// What stood there stays until the new text is complete.
  package static func write(_ text: String, to path: FilePath) throws(ProgramFailure) {
    try path.replacingWhole { unfinished in
      do {
        let file = try FileDescriptor.open(
          unfinished, .writeOnly, options: [.create, .truncate, .closeOnExec],
          permissions: [.ownerReadWrite, .groupRead, .otherRead])
        _ = try file.closeAfter { try file.writeAll(text.utf8) }
        return nil
      } catch {
        return "\(error)"
      }
    }
  }
}

extension FilePath {
  /// Makes a folder, and those above it, where there is none.
  package func makeFolder() throws(ProgramFailure) {
    if isFolder { return }
    let above = removingLastComponent()
    if above != self, !above.isEmpty { try above.makeFolder() }
    guard unsafe mkdir(string, 0o777) != 0 else { return }
    let reason = Errno(rawValue: errno)
    // Another process may have been faster.
    if reason == .fileExists, isFolder { return }
    throw ProgramFailure("\(self): \(reason)")
  }

  private var isFolder: Bool { (try? stat().type) == .directory }

  /// Has a file of another name written first, and gives it this name when it is complete. What is
  /// there and no file (a device, a pipe, a link) is written through: it would be gone otherwise.
  ///
  /// - Parameter write: Is given the name to write to; answers why it failed.
  func replacingWhole(_ write: (FilePath) -> String?) throws(ProgramFailure) {
    if let type = try? stat(followTargetSymlink: false).type, type != .regular, type != .directory {
      if let reason = write(self) { throw ProgramFailure("\(self): \(reason)") }
      return
    }
    let unfinished = FilePath(string + ".\(getpid())")
    var reason = write(unfinished)
    if reason == nil, unsafe rename(unfinished.string, string) != 0 {
      reason = "\(Errno(rawValue: errno))"
    }
    guard let reason else { return }
    unsafe unlink(unfinished.string)
    throw ProgramFailure("\(self): \(reason)")
  }
}

extension BufferAttributes {
  /// Reads the JSON form of one participant from a file.
  package init(contentsOf file: String) throws(InvalidAttributes) {
    let text: [UInt8]
    do {
      // One byte more is enough to see that the file is too long.
      text = try FilePath(file).contents(atMost: BufferAttributes.maximumJSONByteCount + 1)
    } catch {
      throw InvalidAttributes(participant: file, field: nil, reason: "cannot be read: \(error)")
    }
    try self.init(json: text, file: file)
  }
}
