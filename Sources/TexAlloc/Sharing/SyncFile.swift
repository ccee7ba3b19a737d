internal import CLinux
internal import Glibc
public import SystemPackage

/// A fence of the kernel by its descriptor ([sync_file]): what explicit synchronization hands from
/// one driver to another. EGL gives and takes it (`EGL_ANDROID_native_fence_sync`), and so do Vulkan
/// (`SYNC_FD`), KMS (`IN_FENCE_FD`, `OUT_FENCE_PTR`) and Wayland compositors.
///
/// ```swift
/// let shown = try SyncFile(owning: outFence)   // KMS has flipped: the old buffer is free then
/// old.hold(until: shown)                       // its slot is not used again before
/// ```
///
/// Where these APIs pass -1, there is nothing to wait for, hence no fence.
///
/// [sync_file]: https://docs.kernel.org/driver-api/sync_file.html
public final class SyncFile: Fence {
  private static let name = "sync file"
  private let file: OwnedDescriptor

  /// Takes over the descriptor of a sync file; also where it throws, it is closed.
  ///
  /// - Throws: `SystemFailure`, unsupported for a descriptor of another kind.
  public init(owning file: consuming OwnedDescriptor) throws(SystemFailure) {
    let raw = file.descriptor.rawValue
    try systemCall("SYNC_IOC_FILE_INFO", on: Self.name) { texalloc_check_sync_file(raw) }
    self.file = file
  }

  /// The descriptor, for as long as the fence lives; for calls that do not keep it.
  public var descriptor: FileDescriptor { file.descriptor }

  /// A descriptor of its own, for calls that do keep it.
  public func duplicate() throws(SystemFailure) -> OwnedDescriptor {
    try OwnedDescriptor(duplicating: descriptor, named: Self.name)
  }

  public var hasPassed: Bool { wait(until: .now) }

  public func wait(until deadline: ContinuousClock.Instant) -> Bool {
    var request = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
    let ready = try? systemCall("poll", on: Self.name) {
      let left = (max(.zero, deadline - .now) / .milliseconds(1)).rounded(.up)
      return unsafe poll(&request, 1, CInt(min(left, Double(CInt.max))))
    }
    return ready == 1
  }
}

/// What a device does with memory, to the drivers that order their work by the memory itself:
/// those that read wait for those that write, those that write wait for everyone.
public enum ImplicitAccess: Hashable, Sendable {
  case reading, writing
}

/// [Implicit synchronization]: fences that lie with a dma-buf, where the drivers of devices leave and
/// look for them by themselves. This is the way between them and explicit fences.
///
/// The fences are those of the whole slab. An image that was allocated with
/// ``AllocationFlags/dedicated`` or ``AllocationFlags/exportable`` has one for itself.
///
/// [Implicit synchronization]: https://docs.kernel.org/driver-api/dma-buf.html#implicit-fence-poll-support
extension TextureBuffer {
  /// What such an access would have to wait for, now.
  ///
  /// - Throws: `SystemFailure`, unsupported for memory that is no dma-buf, and before Linux 6.0.
  public func fence(before access: ImplicitAccess) throws(SystemFailure) -> SyncFile {
    let operation = "DMA_BUF_IOCTL_EXPORT_SYNC_FILE"
    let memory = try descriptor(for: operation)
    let raw = try systemCall(operation, on: name) {
      texalloc_dma_buf_export_sync_file(memory.rawValue, access.flags)
    }
    return try SyncFile(owning: OwnedDescriptor(owning: raw))
  }

  /// Has devices wait for the fence as for one that stands for such an access. The slot waits for it,
  /// too.
  ///
  /// - Throws: As ``fence(before:)``; nothing then waits.
  public func attach(_ fence: SyncFile, of access: ImplicitAccess) throws(SystemFailure) {
    let operation = "DMA_BUF_IOCTL_IMPORT_SYNC_FILE"
    let memory = try descriptor(for: operation)
    try systemCall(operation, on: name) {
      texalloc_dma_buf_import_sync_file(
        memory.rawValue, access.flags, fence.descriptor.rawValue)
    }
    hold(until: fence)
  }

  private func descriptor(for operation: String) throws(SystemFailure) -> FileDescriptor {
    guard let descriptor else { throw SystemFailure(operation, on: name, .notSupported) }
    return descriptor
  }
}

extension ImplicitAccess {
  fileprivate var flags: UInt32 {
    switch self {
    case .reading: UInt32(DMA_BUF_SYNC_READ)
    case .writing: UInt32(DMA_BUF_SYNC_WRITE)
    }
  }
}
