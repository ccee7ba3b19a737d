internal import CLinux
internal import Glibc
public import SystemPackage

/// Owns one file descriptor and closes it when it goes.
public struct OwnedDescriptor: ~Copyable, Sendable {
  /// The descriptor, open for as long as its owner lives.
  public let descriptor: FileDescriptor

  /// Takes over a descriptor that nobody else will close.
  public init(owning descriptor: FileDescriptor) {
    self.descriptor = descriptor
  }

  init(owning rawValue: CInt) {
    self.init(owning: FileDescriptor(rawValue: rawValue))
  }

  deinit { try? descriptor.close() }

  /// Gives the descriptor up, which is then the caller's to close.
  public consuming func release() -> FileDescriptor {
    let descriptor = descriptor
    discard self
    return descriptor
  }

  /// A second descriptor of the same file, close-on-exec.
  public init(duplicating descriptor: FileDescriptor, named object: String) throws(SystemFailure) {
    self.init(
      owning: try systemCall("F_DUPFD_CLOEXEC", on: object) {
        texalloc_duplicate(descriptor.rawValue)
      })
  }

  /// Opens a device node for reading and writing.
  static func opening(_ path: String) throws(SystemFailure) -> OwnedDescriptor {
    do {
      let options: FileDescriptor.OpenOptions = [.closeOnExec]
      return OwnedDescriptor(
        owning: try FileDescriptor.open(FilePath(path), .readWrite, options: options))
    } catch {
      throw SystemFailure("open", on: path, error as? Errno ?? .ioError)
    }
  }

  /// A memfd of `size` zeroed bytes that can neither shrink nor grow, nor be sealed against writing.
  ///
  /// - Parameter pages: Reserved huge pages to make it of, of which `size` is a multiple; the usual
  ///   ones where nil.
  static func memory(
    of size: Int, named name: String, in pages: HugePages? = nil
  ) throws(SystemFailure) -> OwnedDescriptor {
    let memory = OwnedDescriptor(
      owning: try systemCall("memfd_create", on: name) {
        unsafe texalloc_memfd_create(name, pages?.bits ?? 0)
      })
    let raw = memory.descriptor.rawValue
    try systemCall("ftruncate", on: name) { ftruncate(raw, off_t(size)) }
    try systemCall("F_ADD_SEALS", on: name) {
      texalloc_add_seals(raw, texalloc_seal_shrink | texalloc_seal_grow | texalloc_seal_seal)
    }
    return memory
  }
}
