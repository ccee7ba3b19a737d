internal import CLinux
internal import Glibc
internal import SystemPackage

/// Owns one shared mapping of a file, or shares in one that something else owns.
@safe struct Mapping: ~Copyable, @unchecked Sendable {  // the address and the size never change
  private let base: UnsafeMutableRawPointer
  let size: Int
  /// Bytes of what the system gives and takes back at once: of a usual page, or of a huge one.
  let pageSize: Int
  /// Who unmaps it; nil where that is done here.
  private let owner: (any AnyObject & Sendable)?

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
    owner = nil
    // Where the kernel gives none to such memory, nothing is lost.
    if takingHugePages, let pages = HugePages.known, size >= pages.size {
      _ = unsafe madvise(address, size, MADV_HUGEPAGE)
      pageSize = HugePages.obstacle(for: size) == nil ? pages.size : TexAlloc.pageSize
    } else {
      pageSize = TexAlloc.pageSize
    }
  }

  /// - Parameter bytes: Mapped for reading and writing until the owner goes.
  @unsafe init(
    _ bytes: UnsafeMutableRawBufferPointer, ownedBy owner: any AnyObject & Sendable,
    named name: String
  ) throws(SystemFailure) {
    guard let start = bytes.baseAddress, bytes.count > 0,
      bytes.count.isMultiple(of: TexAlloc.pageSize),
      Int(bitPattern: start).isMultiple(of: PlaneWriter.lineSize)
    else { throw SystemFailure("mapped memory", on: name, .invalidArgument) }
    unsafe base = start
    size = bytes.count
    pageSize = TexAlloc.pageSize
    self.owner = owner
  }

  deinit { if owner == nil { unsafe munmap(base, size) } }

  /// The bytes of a range within the mapping; they must not be used after it is gone.
  @unsafe subscript(range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    precondition(0 <= range.lowerBound && range.upperBound <= size, "\(range) of \(size) bytes")
    return unsafe UnsafeMutableRawBufferPointer(
      start: base + range.lowerBound, count: range.count)
  }

  /// Asks the kernel for the pages of a range before they are used; whole pages only. An owner has
  /// its pages ready.
  ///
  /// - Throws: `SystemFailure`: an invalid argument for most dma-bufs, and on kernels before 5.14;
  ///   anything else where there is no memory.
  func populate(
    _ range: Range<Int>, named name: String, forReading: Bool = false
  ) throws(SystemFailure) {
    guard owner == nil else { return }
    let bytes = unsafe self[range]
    let advice = forReading ? texalloc_madv_populate_read : texalloc_madv_populate_write
    try systemCall(forReading ? "MADV_POPULATE_READ" : "MADV_POPULATE_WRITE", on: name) {
      unsafe madvise(bytes.baseAddress, bytes.count, advice)
    }
  }

  /// Punches a hole into the file; whole pages only. Answers whether it can be done: not with dma-bufs.
  func giveBack(_ range: Range<Int>) -> Bool {
    guard owner == nil else { return false }
    let bytes = unsafe self[range]
    return unsafe madvise(bytes.baseAddress, bytes.count, MADV_REMOVE) == 0
  }
}

/// Pages that the processor maps many usual ones at once with: 2 MiB on x86-64. A slab of such pages
/// is ready sooner, and so is each mapping that a driver makes of it.
///
/// Where some are [reserved] and free, slabs in whole ones are made of them. Others ask the kernel for
/// [transparent] ones, which it gives to shared memory if its `shmem_enabled` lets it.
///
/// [reserved]: https://docs.kernel.org/admin-guide/mm/hugetlbpage.html
/// [transparent]: https://docs.kernel.org/admin-guide/mm/transhuge.html
package struct HugePages: Sendable {
  /// Bytes of one.
  let size: Int

  /// The power of two that their size is.
  var bits: UInt32 { UInt32(size.trailingZeroBitCount) }

  /// Those of this machine; nil where the kernel has none.
  static let known = SystemFile.number(in: "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size")
    .flatMap { $0.nonzeroBitCount == 1 ? HugePages(size: $0) : nil }

  /// The known ones, where enough for memory of this size are reserved and free just now.
  ///
  /// - Parameter size: Bytes.
  static func reserved(for size: Int) -> HugePages? {
    guard let known, size.isMultiple(of: known.size),
      let free = SystemFile.number(
        in: "/sys/kernel/mm/hugepages/hugepages-\(known.size >> 10)kB/free_hugepages"),
      free >= size / known.size
    else { return nil }
    return known
  }

  /// Why memory of this size is not made of huge pages here; nil where it is.
  ///
  /// - Parameter size: Bytes.
  package static func obstacle(for size: Int) -> String? {
    guard let known else { return "the kernel has none" }
    if reserved(for: size) != nil { return nil }
    let file = "/sys/kernel/mm/transparent_hugepage/shmem_enabled"
    let chosen = SystemFile.text(of: file, atMost: 100)?.split(separator: "[").last?
      .prefix { $0 != "]" }
    guard let chosen, ["always", "within_size", "advise", "force"].contains(chosen) else {
      return "\(size / known.size) are not reserved, and shmem_enabled is \(chosen ?? "missing")"
    }
    return nil
  }
}

/// Bytes of a page of this machine's kernel.
package let pageSize = sysconf(CInt(_SC_PAGESIZE))
