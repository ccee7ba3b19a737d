internal import Glibc
internal import SystemPackage

/// What the kernel shows in files and folders.
enum SystemFile {
  /// The number that a file of sysfs holds; nil where there is no such file.
  static func number(in path: String) -> Int? {
    guard let file = try? OwnedDescriptor(owning: FileDescriptor.open(FilePath(path), .readOnly))
    else { return nil }
    var digits = [UInt8](repeating: 0, count: 24)
    let count = try? unsafe digits.withUnsafeMutableBytes {
      unsafe try file.descriptor.read(into: $0)
    }
    guard let count else { return nil }
    return Int(String(decoding: digits[..<count], as: UTF8.self).prefix(while: \.isNumber))
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
