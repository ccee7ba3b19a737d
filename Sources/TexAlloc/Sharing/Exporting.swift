extension TextureBuffer {
  /// A descriptor of the image's memory for another process: the image begins at its first byte, and
  /// nothing else was or will ever be in it. Whoever has it can neither shrink the memory under us nor
  /// reach any other image.
  ///
  /// - Returns: A duplicate that is the caller's to close or send.
  /// - Throws: `ExportRefused` for a buffer that was not allocated with
  ///   ``AllocationFlags/exportable``: others may share its slab; for one that was discarded; or the
  ///   `SystemFailure` of duplicating.
  public func export() throws(ExportRefused) -> OwnedDescriptor {
    if let reason = discardReason { throw .discarded(buffer: name, reason) }
    guard memory.isExportable, let descriptor = memory.descriptor else {
      throw .notExportable(buffer: name)
    }
    do { return try OwnedDescriptor(duplicating: descriptor, named: name) } catch {
      throw .failed(error)
    }
  }
}

/// Why a buffer has no descriptor for another process.
public enum ExportRefused: Error, Hashable, Sendable {
  /// It was allocated without ``AllocationFlags/exportable``.
  case notExportable(buffer: String)
  /// Writing it failed or was cancelled, in the words of whoever wrote.
  case discarded(buffer: String, String)
  case failed(SystemFailure)
}

extension ExportRefused: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notExportable(let buffer): "\(buffer): it was allocated without the flag exportable"
    case .discarded(let buffer, let reason): "\(buffer): it was discarded: \(reason)"
    case .failed(let failure): "\(failure)"
    }
  }
}
