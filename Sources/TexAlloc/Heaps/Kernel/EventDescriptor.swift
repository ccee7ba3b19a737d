internal import CLinux
internal import Glibc
internal import SystemPackage

/// A descriptor that polls as readable from a signal until that is taken: eventfd(2).
package struct EventDescriptor: ~Copyable, Sendable {
  private let file: OwnedDescriptor

  /// - Parameter object: For errors.
  package init(named object: String) throws(SystemFailure) {
    file = OwnedDescriptor(owning: try systemCall("eventfd", on: object) { texalloc_eventfd() })
  }

  /// Open for as long as this lives.
  package var descriptor: FileDescriptor { file.descriptor }

  package func signal() { _ = try? descriptor.writeAll([1, 0, 0, 0, 0, 0, 0, 0]) }

  /// Takes a signal if there is one; who asks at the same time waits for none.
  package func takeIfThere() {
    var file = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
    if unsafe poll(&file, 1, 0) == 1 { take() }
  }

  /// Waits for a signal, and takes it.
  package func take() {
    var count = [UInt8](repeating: 0, count: 8)
    _ = unsafe count.withUnsafeMutableBytes { try? unsafe descriptor.read(into: $0) }
  }
}
