public import SystemPackage

/// A call to the kernel that did not succeed.
public struct SystemFailure: Error, Hashable, Sendable {
  /// The call, as its manual page names it: `memfd_create`, `DMA_HEAP_IOCTL_ALLOC`.
  public let operation: String
  /// What it was made on: a device node, or the name of a heap.
  public let object: String
  public let errno: Errno

  public init(_ operation: String, on object: String, _ errno: Errno) {
    self.operation = operation
    self.object = object
    self.errno = errno
  }

  /// Whether the machine lacks what was asked for, rather than that it failed to give it.
  public var isUnsupported: Bool {
    switch errno {
    case .noSuchFileOrDirectory, .operationNotSupportedByDevice, .noSuchAddressOrDevice,
      .notSupported, .noFunction,
      .inappropriateIOCTLForDevice:
      true
    default: false
    }
  }
}

extension SystemFailure: CustomStringConvertible {
  public var description: String { "\(object): \(operation): \(errno)" }
}
