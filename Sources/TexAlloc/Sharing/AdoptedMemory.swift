internal import CLinux
internal import Glibc
public import SystemPackage

/// Memory of the application behind a buffer. What is closed and unmapped with it is our own.
final class AdoptedMemory: BufferMemory {
  let heap: String?
  let caching: Caching?
  let size: Int
  let cpuUsage: Set<CPUUsage>
  private let file: OwnedDescriptor
  private let mapping: Mapping?
  private let name: String

  init(
    _ adopted: consuming AdoptedFile, mappedFor cpuUsage: Set<CPUUsage>, heap: String?,
    caching: Caching?, named name: String
  ) throws(SystemFailure) {
    self.heap = heap ?? adopted.heap
    self.caching = caching ?? adopted.caching
    self.cpuUsage = cpuUsage
    self.name = name
    size = adopted.size
    file = adopted.file
    if cpuUsage.isEmpty {
      mapping = nil
    } else {
      mapping = try Mapping(
        file.descriptor, size: size, named: name, isWritable: cpuUsage != [.read])
      // Where this succeeds, so does every later call; see beginAccess.
      try synchronization.begin(cpuUsage)
      try synchronization.end(cpuUsage)
    }
  }

  var descriptor: FileDescriptor? { file.descriptor }
  var isExportable: Bool { false }

  private var synchronization: DMABufSynchronization {
    DMABufSynchronization(descriptor: file.descriptor, name: name)
  }

  @unsafe func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    switch mapping {
    case .some(let mapping): unsafe mapping[range]
    case .none: preconditionFailure("\(name) is not mapped")
    }
  }

  /// Always: whose caches the application's devices share is not known.
  func beginAccess(for usage: Set<CPUUsage>) { try? synchronization.begin(usage) }
  func endAccess(for usage: Set<CPUUsage>) { try? synchronization.end(usage) }

  /// From the heap of the same name, where there is one here and where the trial could be written.
  func makeTrial(
    of layout: ImageLayout, at offset: Int
  ) throws(AllocationError) -> TextureBuffer? {
    let alignment = offset == 0 ? pageSize : min(offset & -offset, pageSize)
    guard layout.isInWholeLines, alignment.isMultiple(of: PlaneWriter.lineSize),
      let heap = Heaps.present().first(where: { $0.name == heap })
    else { return nil }
    return try TrialMemory.makeBuffer(layout, alignment: alignment, from: heap)
  }
}

/// A descriptor of the application's memory that is our own, of a size that stays.
struct AdoptedFile: ~Copyable {
  enum Kind {
    case memfd
    /// With the name of what exported it, where the kernel tells.
    case dmaBuf(exporter: String?)
  }

  let file: OwnedDescriptor
  let kind: Kind
  /// Bytes.
  let size: Int

  /// Duplicates a descriptor, and sees to it that the memory behind it cannot shrink: a dma-buf never
  /// does, a memfd does not once it is sealed, which this does where the application has not.
  init(_ descriptor: FileDescriptor, named name: String) throws(AdoptionRefused) {
    let file = try Self.stating { () throws(SystemFailure) in
      try OwnedDescriptor(duplicating: descriptor, named: name)
    }
    let raw = file.descriptor.rawValue
    let isDMABuf = try Self.stating { () throws(SystemFailure) in
      try systemCall("fstatfs", on: name) { texalloc_is_dma_buf(raw) } != 0
    }
    if !isDMABuf { try Self.seal(file.descriptor, name) }
    // A dma-buf has no position that seeking could move, and on older kernels no other size.
    let own = file.descriptor
    let size = try Self.stating { () throws(SystemFailure) in
      do {
        return Int(isDMABuf ? try own.seek(offset: 0, from: .end) : try own.stat().size)
      } catch {
        throw SystemFailure(
          isDMABuf ? "lseek" : "fstat", on: name, error as? Errno ?? .ioError)
      }
    }
    self.file = file
    self.size = size
    kind = isDMABuf ? .dmaBuf(exporter: Self.exporter(of: raw)) : .memfd
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

  private static func seal(_ memory: FileDescriptor, _ name: String) throws(AdoptionRefused) {
    func refuse(_ field: String, _ wanted: String, _ held: String) -> AdoptionRefused {
      .unsuitable(buffer: name, field: field, wanted: wanted, held: held)
    }
    let seals = texalloc_get_seals(memory.rawValue)
    guard seals >= 0 else { throw refuse("descriptor", "a dma-buf or a memfd", "another file") }
    if seals & texalloc_seal_shrink != 0 { return }
    do {
      try systemCall("F_ADD_SEALS", on: name) {
        texalloc_add_seals(memory.rawValue, texalloc_seal_shrink)
      }
    } catch {
      throw refuse("seals", "F_SEAL_SHRINK", "none, and \(error)")
    }
  }
}

extension TextureBuffer {
  /// Takes memory that the application allocated, so that devices register it as they do our own: a
  /// dma-buf, or a memfd. The descriptor is duplicated; the application's own stays its own.
  ///
  /// A memfd that can shrink would end the process at the next access, so it is sealed against that,
  /// for good, unless it is sealed already. A dma-buf cannot shrink.
  ///
  /// Nothing is known of where the application's pages were: a device compares the pixels that it
  /// shows with a trial image of the same heap where there is such a heap here, else with those of the
  /// buffer where it is mapped for reading, and should not be written meanwhile; else it takes the
  /// buffer unchecked, and says so.
  ///
  /// - Parameters:
  ///   - descriptor: Open for reading; for writing too where it is to be written or sealed.
  ///   - layout: Of one of the linear formats of ``Fourcc/planes``. Its planes lie within its size,
  ///     and all of it within the memory.
  ///   - offset: Bytes from the start of the memory to the image.
  ///   - cpuUsage: What the CPU will do with it; it is mapped for that, and for nothing else. To be
  ///     written (`sequentialWrite`), its rows are whole lines of ``PlaneWriter/lineSize``.
  ///   - heap: Where the memory came from, if the application knows better than the kernel tells,
  ///     which is always so for a DRM driver: `drm-dumb:vgem`, `gbm:vgem`.
  ///   - caching: How a mapping of it is cached, likewise.
  ///   - name: For errors and reports.
  /// - Throws: `AdoptionRefused` with the field, what it must be and what it is.
  public convenience init(
    adopting descriptor: FileDescriptor, _ layout: ImageLayout, at offset: Int = 0,
    mappedFor cpuUsage: Set<CPUUsage> = [], heap: String? = nil, caching: Caching? = nil,
    named name: String = "adopted"
  ) throws(AdoptionRefused) {
    let file = try AdoptedFile(descriptor, named: name)
    try AdoptionCheck(name: name, layout: layout, offset: offset, memorySize: file.size)
      .check(for: cpuUsage)
    let memory: AdoptedMemory
    do {
      memory = try AdoptedMemory(
        file, mappedFor: cpuUsage, heap: heap, caching: caching, named: name)
    } catch {
      throw .failed(error)
    }
    self.init(name: name, layout: layout, in: memory, at: offset)
  }
}
