/// Why a buffer has no descriptor for another process.
public enum ExportRefused: Error, Hashable, Sendable {
  /// It was allocated without ``AllocationFlags/exportable``.
  case notExportable(buffer: String)
  case failed(SystemFailure)
}

extension ExportRefused: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notExportable(let buffer): "\(buffer): it was allocated without the flag exportable"
    case .failed(let failure): "\(failure)"
    }
  }
}
