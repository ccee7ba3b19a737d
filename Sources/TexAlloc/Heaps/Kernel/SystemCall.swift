internal import CLinux
internal import Glibc
@_exported public import struct SystemPackage.Errno
@_exported public import struct SystemPackage.FileDescriptor
@_exported public import struct SystemPackage.FilePath

/// Runs a call that answers -1 and sets `errno` where it fails; the one place that reads `errno`.
/// A call that a signal interrupted is made again.
@discardableResult
package func systemCall(
  _ operation: String, on object: String, _ call: () -> CInt
) throws(SystemFailure) -> CInt {
  while true {
    let result = call()
    if result >= 0 { return result }
    let failure = Errno(rawValue: errno)
    if failure != .interrupted { throw SystemFailure(operation, on: object, failure) }
  }
}

/// Runs a call of a library that answers NULL where it fails. Some of them fail without setting
/// `errno`; that counts as not supported.
func systemCall<Pointee>(
  _ operation: String, on object: String, _ call: () -> UnsafeMutablePointer<Pointee>?
) throws(SystemFailure) -> UnsafeMutablePointer<Pointee> {
  errno = 0
  guard let result = unsafe call() else { throw lastFailure(of: operation, on: object) }
  return unsafe result
}

/// The same for a pointer to a type that Swift does not see.
func systemCall(
  _ operation: String, on object: String, _ call: () -> OpaquePointer?
) throws(SystemFailure) -> OpaquePointer {
  errno = 0
  guard let result = unsafe call() else { throw lastFailure(of: operation, on: object) }
  return unsafe result
}

private func lastFailure(of operation: String, on object: String) -> SystemFailure {
  SystemFailure(operation, on: object, errno == 0 ? .notSupported : Errno(rawValue: errno))
}

/// A call to the kernel that did not succeed.
public struct SystemFailure: Error, Hashable, Sendable {
  /// The call, as its manual page names it: `memfd_create`, `DMA_HEAP_IOCTL_ALLOC`.
  public let operation: String
  /// What it was made on: a device node, or the name of a heap.
  public let object: String
  public let errno: Errno

  public init(_ operation: String, on object: String, _ errno: Errno) {
    self.operation = operation
    self.object = object
    self.errno = errno
  }

  /// Whether the machine lacks what was asked for, rather than that it failed to give it.
  public var isUnsupported: Bool {
    switch errno {
    case .noSuchFileOrDirectory, .operationNotSupportedByDevice, .noSuchAddressOrDevice,
      .notSupported, .noFunction,
      .inappropriateIOCTLForDevice:
      true
    default: false
    }
  }
}

extension SystemFailure: CustomStringConvertible {
  public var description: String { "\(object): \(operation): \(errno)" }
}

/// What the kernel shows in files and folders.
package enum SystemFile {
  /// The number that a file of sysfs holds; nil where there is no such file.
  package static func number(in path: String) -> Int? {
    text(of: path, atMost: 24).flatMap { Int($0.prefix(while: \.isNumber)) }
  }

  /// What a file holds; nil where there is no such file.
  package static func text(of path: String, atMost size: Int = .max) -> String? {
    (try? FilePath(path).contents(atMost: size)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Where a path leads, all links followed; nil where it leads nowhere.
  package static func resolved(_ path: String) -> FilePath? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe FilePath(String(cString: resolved))
  }

  /// The names in a folder, `card9` before `card10`.
  package static func names(in folder: String) throws(SystemFailure) -> [String] {
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

extension FilePath {
  /// What the file holds, up to so many bytes. The kernel may give less at a time than is asked for.
  package func contents(atMost limit: Int = .max) throws(Errno) -> [UInt8] {
    var contents: [UInt8] = []
    do {
      let file = OwnedDescriptor(
        owning: try FileDescriptor.open(self, .readOnly, options: .closeOnExec))
      while contents.count < limit {
        let room = min(1 << 16, limit - contents.count)
        let part = try unsafe [UInt8](unsafeUninitializedCapacity: room) { bytes, count in
          count = unsafe try file.descriptor.read(into: UnsafeMutableRawBufferPointer(bytes))
        }
        if part.isEmpty { break }
        contents += part
      }
    } catch {
      throw error as? Errno ?? .ioError
    }
    return contents
  }
}
