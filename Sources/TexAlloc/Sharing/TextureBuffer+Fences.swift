internal import CLinux
internal import SystemPackage

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
