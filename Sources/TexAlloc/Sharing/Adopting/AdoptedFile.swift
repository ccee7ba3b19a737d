internal import CLinux
internal import Glibc
internal import SystemPackage

/// A descriptor of the application's memory that is our own.
final class AdoptedFile: Sendable {
  enum Kind: Sendable {
    case memfd
    /// With the name of what exported it, where the kernel tells.
    case dmaBuf(exporter: String?)
  }

  private let file: OwnedDescriptor
  private let kind: Kind
  private let name: String
  /// Bytes.
  let size: Int
  /// Bytes of what the kernel counts.
  private static let block = 512
  /// What all descriptors of this memory have in common.
  private let device: DeviceID
  private let inode: Inode

  /// Duplicates a descriptor of memory that ``keepSize()`` will be able to keep from shrinking, and
  /// changes nothing yet.
  convenience init(_ descriptor: FileDescriptor, named name: String) throws(AdoptionRefused) {
    try self.init(
      owning: try Self.stating { () throws(SystemFailure) in
        try OwnedDescriptor(duplicating: descriptor, named: name)
      }, named: name, isForeign: false)
  }

  /// Takes over a descriptor.
  ///
  /// - Parameter isForeign: Whether it came from another process, which must have sealed a memfd
  ///   already.
  init(
    owning file: consuming OwnedDescriptor, named name: String, isForeign: Bool
  ) throws(AdoptionRefused) {
    let raw = file.descriptor.rawValue
    let isDMABuf = try Self.stating { () throws(SystemFailure) in
      try systemCall("fstatfs", on: name) { texalloc_is_dma_buf(raw) } != 0
    }
    if !isDMABuf {
      if isForeign { try Self.checkForeign(file.descriptor, name) }
      try Self.seal(file.descriptor, dry: true, name)
    }
    let own = file.descriptor
    do {
      let status = try own.stat()
      (device, inode) = (status.deviceID, status.inode)
      // A dma-buf has no position that seeking could move, and on older kernels no other size.
      size = Int(isDMABuf ? try own.seek(offset: 0, from: .end) : status.size)
    } catch {
      throw .failed(
        SystemFailure(isDMABuf ? "lseek" : "fstat", on: name, error as? Errno ?? .ioError))
    }
    self.file = file
    self.name = name
    kind = isDMABuf ? .dmaBuf(exporter: Self.exporter(of: raw)) : .memfd
  }

  var descriptor: FileDescriptor { file.descriptor }

  /// Whether none of it is left for the kernel to find memory for when it is first touched. Pages behind the
  /// end would make it look so; they are given back before the pages are counted.
  func cutToWholePages() -> Bool {
    guard isMemfd else { return true }
    guard let end = size.checkedRoundedUp(toMultipleOf: pageSize),
      texalloc_cut_behind(descriptor.rawValue, Int64(end)) == 0
    else { return false }
    return pageBytes >= size
  }

  /// Bytes of the pages that it has, also of those behind its end; 0 where the kernel does not tell.
  var pageBytes: Int { Int((try? descriptor.stat().blocksAllocated) ?? 0) * Self.block }

  /// Bytes of the pages that it has behind its last one.
  var bytesBehind: Int {
    guard let end = size.checkedRoundedUp(toMultipleOf: pageSize) else { return 0 }
    return max(0, pageBytes - end)
  }

  /// Whether devices are at work on it just now that such an access would have to wait for.
  func isBusy(for usage: Set<CPUUsage>) -> Bool {
    let events = Int16(usage == [.read] ? POLLIN : POLLOUT)
    var request = pollfd(fd: descriptor.rawValue, events: events, revents: 0)
    return unsafe poll(&request, 1, 0) == 0
  }

  func isSameMemory(as other: AdoptedFile) -> Bool {
    device == other.device && inode == other.inode
  }

  /// Sees to it that the memory cannot shrink from now on: a dma-buf never does, a memfd does not once it
  /// is sealed, which this does for good where the application has not.
  func keepSize() throws(AdoptionRefused) {
    guard case .memfd = kind else { return }
    try Self.seal(descriptor, name)
    let now = try? Int(descriptor.stat().size)
    guard let now, now >= size else {
      throw .unsuitable(
        buffer: name, field: "size", wanted: "still \(size) bytes of memory",
        held: now.map(String.init) ?? "unknown")
    }
  }

  private static func stating<Result: ~Copyable>(
    _ body: () throws(SystemFailure) -> Result
  ) throws(AdoptionRefused) -> Result {
    do { return try body() } catch { throw .failed(error) }
  }

  /// The heap's name in attributes; nil where the exporter does not tell: every DRM driver exports
  /// under the same name.
  var heap: String? {
    switch kind {
    case .memfd: MemfdHeap.name
    case .dmaBuf(UDMABufHeap.name?): UDMABufHeap.name
    case .dmaBuf(let exporter?) where Self.isDMAHeap(exporter): DMAHeap.name(exporter)
    case .dmaBuf: nil
    }
  }

  /// How a mapping of it is cached; nil where that is not known.
  var caching: Caching? {
    switch kind {
    case .memfd, .dmaBuf(UDMABufHeap.name?): .cached
    case .dmaBuf(let exporter?) where DMAHeap.Promise(of: exporter) != nil: .cached
    case .dmaBuf: nil
    }
  }

  private static func isDMAHeap(_ exporter: String) -> Bool {
    let names = try? SystemFile.names(in: DMAHeap.folder)
    return DMAHeap.Promise(of: exporter) != nil || names?.contains(exporter) == true
  }

  /// `exp_name` of the descriptor's file in [proc].
  ///
  /// [proc]: https://docs.kernel.org/filesystems/proc.html#proc-pid-fdinfo-fd-information-about-opened-file
  private static func exporter(of raw: CInt) -> String? {
    let key = "exp_name:"
    return SystemFile.text(of: "/proc/self/fdinfo/\(raw)", atMost: 1024)?
      .split(separator: "\n").first { $0.hasPrefix(key) }
      .map { String($0.dropFirst(key.count).drop(while: \.isWhitespace)) }
  }

  /// Refuses what a peer could make an access of ours fail with: memory that may shrink or change its
  /// seals, and reserved huge pages, which may be gone after a hole was punched.
  private static func checkForeign(
    _ memory: FileDescriptor, _ name: String
  ) throws(AdoptionRefused) {
    let raw = memory.rawValue
    let seals = texalloc_get_seals(raw)
    guard seals >= 0 else {
      throw .unsuitable(
        buffer: name, field: "descriptor", wanted: "a dma-buf or a memfd", held: "another file")
    }
    let wanted = texalloc_seal_shrink | texalloc_seal_grow | texalloc_seal_seal
    guard seals & wanted == wanted else {
      throw .unsuitable(
        buffer: name, field: "seals", wanted: "F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_SEAL",
        held: "0x" + String(seals, radix: 16))
    }
    let isHuge = try Self.stating { () throws(SystemFailure) in
      try systemCall("fstatfs", on: name) { texalloc_is_hugetlb(raw) } != 0
    }
    if isHuge {
      throw .unsuitable(
        buffer: name, field: "pages", wanted: "the usual ones", held: "reserved huge pages")
    }
  }

  var isMemfd: Bool {
    switch kind {
    case .memfd: true
    case .dmaBuf: false
    }
  }

  /// - Parameter dry: Only finds out whether it can be done: adds no seal, by the same rules.
  private static func seal(
    _ memory: FileDescriptor, dry: Bool = false, _ name: String
  ) throws(AdoptionRefused) {
    func refuse(_ field: String, _ wanted: String, _ held: String) -> AdoptionRefused {
      .unsuitable(buffer: name, field: field, wanted: wanted, held: held)
    }
    let seals = texalloc_get_seals(memory.rawValue)
    guard seals >= 0 else { throw refuse("descriptor", "a dma-buf or a memfd", "another file") }
    if seals & texalloc_seal_shrink != 0 { return }
    do {
      try systemCall("F_ADD_SEALS", on: name) {
        texalloc_add_seals(memory.rawValue, dry ? 0 : texalloc_seal_shrink)
      }
    } catch {
      throw refuse("seals", "F_SEAL_SHRINK", "none, and \(error)")
    }
  }
}
