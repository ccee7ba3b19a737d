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
