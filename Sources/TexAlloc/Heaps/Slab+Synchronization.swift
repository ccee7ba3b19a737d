internal import CLinux
internal import SystemPackage

/// For a cached slab that feeds a device outside the CPU's coherency domain: what the CPU does
/// between begin and end, the device sees, and the other way round. A write-combining slab needs the
/// store fence only, and memory that is no dma-buf nothing at all.
///
/// Both wait for every fence on the whole slab ([DMA_BUF_IOCTL_SYNC]), which is why a slab is
/// synchronized at most once per frame.
///
/// [DMA_BUF_IOCTL_SYNC]: https://docs.kernel.org/driver-api/dma-buf.html#c.dma_buf_sync
extension Slab {
  /// - Parameter usage: What the CPU is about to do.
  package func beginCPUAccess(for usage: Set<CPUUsage>) throws(SystemFailure) {
    try synchronize(usage, DMA_BUF_SYNC_START)
  }

  /// - Parameter usage: As it was said when the access began.
  package func endCPUAccess(for usage: Set<CPUUsage>) throws(SystemFailure) {
    try synchronize(usage, DMA_BUF_SYNC_END)
  }

  private func synchronize(_ usage: Set<CPUUsage>, _ edge: CInt) throws(SystemFailure) {
    guard caching == .cached, !usage.isEmpty else { return }
    let reads = usage.contains(.read) ? DMA_BUF_SYNC_READ : 0
    let writes = usage == [.read] ? 0 : DMA_BUF_SYNC_WRITE
    do {
      try systemCall("DMA_BUF_IOCTL_SYNC", on: heap) {
        texalloc_dma_buf_sync(descriptor.rawValue, UInt64(edge | reads | writes))
      }
    } catch {
      if error.errno != .inappropriateIOCTLForDevice { throw error }
    }
  }
}
