internal import CLinux
internal import SystemPackage

/// What the CPU does between begin and end, a device that does not share its caches sees, and the
/// other way round; for memory that is no dma-buf both do nothing.
///
/// Both wait for every fence on the whole buffer ([DMA_BUF_IOCTL_SYNC]), which is why one that is
/// synchronized holds one image.
///
/// [DMA_BUF_IOCTL_SYNC]: https://docs.kernel.org/driver-api/dma-buf.html#c.dma_buf_sync
struct DMABufSynchronization {
  let descriptor: FileDescriptor
  /// For errors.
  let name: String

  func begin(_ usage: Set<CPUUsage>) throws(SystemFailure) {
    try synchronize(usage, DMA_BUF_SYNC_START)
  }

  func end(_ usage: Set<CPUUsage>) throws(SystemFailure) {
    try synchronize(usage, DMA_BUF_SYNC_END)
  }

  private func synchronize(_ usage: Set<CPUUsage>, _ edge: CInt) throws(SystemFailure) {
    guard !usage.isEmpty else { return }
    let reads = usage.contains(.read) ? DMA_BUF_SYNC_READ : 0
    let writes = usage == [.read] ? 0 : DMA_BUF_SYNC_WRITE
    do {
      try systemCall("DMA_BUF_IOCTL_SYNC", on: name) {
        texalloc_dma_buf_sync(descriptor.rawValue, UInt64(edge | reads | writes))
      }
    } catch {
      if error.errno != .inappropriateIOCTLForDevice { throw error }
    }
  }
}
