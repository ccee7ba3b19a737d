internal import SystemPackage

/// For a cached slab that feeds a device outside the CPU's coherency domain. A write-combining slab
/// needs the store fence only.
extension Slab {
  /// - Parameter usage: What the CPU is about to do.
  package func beginCPUAccess(for usage: Set<CPUUsage>) throws(SystemFailure) {
    if caching == .cached { try synchronization.begin(usage) }
  }

  /// - Parameter usage: As it was said when the access began.
  package func endCPUAccess(for usage: Set<CPUUsage>) throws(SystemFailure) {
    if caching == .cached { try synchronization.end(usage) }
  }

  private var synchronization: DMABufSynchronization {
    DMABufSynchronization(descriptor: descriptor, name: heap)
  }
}
