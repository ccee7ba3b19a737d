internal import CLinux
internal import Glibc
internal import SystemPackage

/// Owns one shared mapping of a file.
@safe struct Mapping: ~Copyable, @unchecked Sendable {  // the address and the size never change
  private let base: UnsafeMutableRawPointer
  let size: Int

  init(
    _ descriptor: FileDescriptor, size: Int, named name: String, isWritable: Bool = true,
    takingHugePages: Bool = true
  ) throws(SystemFailure) {
    guard size > 0 else { throw SystemFailure("mmap", on: name, .invalidArgument) }
    let protection = isWritable ? PROT_READ | PROT_WRITE : PROT_READ
    let address = unsafe mmap(nil, size, protection, MAP_SHARED, descriptor.rawValue, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw SystemFailure("mmap", on: name, Errno(rawValue: errno))
    }
    unsafe base = address
    self.size = size
    // Where the kernel gives none to such memory, nothing is lost.
    if takingHugePages, let pages = HugePages.known, size >= pages.size {
      _ = unsafe madvise(address, size, MADV_HUGEPAGE)
    }
  }

  deinit { unsafe munmap(base, size) }

  /// The bytes of a range within the mapping; they must not be used after it is gone.
  @unsafe subscript(range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    precondition(0 <= range.lowerBound && range.upperBound <= size, "\(range) of \(size) bytes")
    return unsafe UnsafeMutableRawBufferPointer(
      start: base + range.lowerBound, count: range.count)
  }

  /// Asks the kernel for the pages of a range before they are written; whole pages only.
  /// Kernels before 5.14 and some heaps don't know the request, which is no harm.
  func populate(_ range: Range<Int>) {
    let bytes = unsafe self[range]
    _ = unsafe madvise(bytes.baseAddress, bytes.count, texalloc_madv_populate_write)
  }

  /// Punches a hole into the file; whole pages only. Answers whether it can be done: not with dma-bufs.
  func giveBack(_ range: Range<Int>) -> Bool {
    let bytes = unsafe self[range]
    return unsafe madvise(bytes.baseAddress, bytes.count, MADV_REMOVE) == 0
  }
}
