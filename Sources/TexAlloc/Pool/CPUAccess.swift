/// An access of the CPU to memory that a device does not see coherently: it ends when this goes.
final class CPUAccess: Sendable {
  private let end: @Sendable () throws(SystemFailure) -> Void

  /// The kernel refuses neither call for memory with which both were tried; see ``SlabStore``.
  init(
    _ begin: () throws(SystemFailure) -> Void,
    endingWith end: @escaping @Sendable () throws(SystemFailure) -> Void
  ) {
    try? begin()
    self.end = end
  }

  deinit { try? end() }
}
