internal import Glibc
internal import SystemPackage

/// What the kernel shows in files and folders.
enum SystemFile {
  /// The number that a file of sysfs holds; nil where there is no such file.
  static func number(in path: String) -> Int? {
    text(of: path, atMost: 24).flatMap { Int($0.prefix(while: \.isNumber)) }
  }

  /// What one read of a small file gives; nil where there is no such file.
  static func text(of path: String, atMost size: Int) -> String? {
    guard let file = try? OwnedDescriptor(owning: FileDescriptor.open(FilePath(path), .readOnly))
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    let count = try? unsafe bytes.withUnsafeMutableBytes {
      unsafe try file.descriptor.read(into: $0)
    }
    return count.map { String(decoding: bytes[..<$0], as: UTF8.self) }
  }

  /// The names in a folder, `card9` before `card10`.
  static func names(in folder: String) throws(SystemFailure) -> [String] {
    let stream = unsafe try systemCall("opendir", on: folder) { unsafe opendir(folder) }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
  }
}
