public import SystemPackage

/// Why there is no picture.
public struct JPEGError: Error, Hashable, Sendable {
  /// What a file may have too much of: the fields of ``JPEGLimits``.
  public enum Limit: String, Sendable {
    case fileSize, pixels, coefficients, scans
  }

  public enum Reason: Hashable, Sendable {
    /// The file could not be opened or read.
    case unreadable(Errno)
    /// A directory, a pipe, a device: what it is.
    case notAFile(String)
    /// Nothing is in it.
    case empty
    /// What it seems to be instead.
    case notJPEG(String)
    /// It uses what cannot be decoded.
    case unsupported(String)
    /// It ends before its image does.
    case truncated
    /// Pixels are lost; in the words of libjpeg.
    case damaged(String)
    /// More than ``JPEGLimits`` allow.
    case tooMuch(Limit, found: Int, limit: Int)
    /// The buffer is not one that this file can be decoded into. It is as it was.
    case unsuitableBuffer(field: String, wanted: String, held: String)
    /// The caller did not want to go on.
    case cancelled
    /// The decoder got no memory.
    case outOfMemory
  }

  /// The path of the file, or what the bytes were called.
  public let name: String
  public let reason: Reason

  init(_ name: String, _ reason: Reason) {
    self.name = name
    self.reason = reason
  }

  /// Whether the file may be sound, but asks for what this decoder cannot do, rather than that
  /// something failed.
  public var isUnsupported: Bool {
    if case .unsupported = reason { true } else { false }
  }
}

extension JPEGError: CustomStringConvertible {
  public var description: String { "\(name): \(reason)" }
}

extension JPEGError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let errno): "\(errno)"
    case .notAFile(let kind): "is \(kind), not a file"
    case .empty: "is empty"
    case .notJPEG(let kind): "is not a JPEG but seems to be \(kind)"
    case .unsupported(let what): "not supported: \(what)"
    case .truncated: "the file ends before its image does"
    case .damaged(let message): "damaged: \(message)"
    case .tooMuch(let limit, let found, let allowed):
      "\(limit.phrase(found)); the limit is \(allowed)"
    case .unsuitableBuffer(let field, let wanted, let held):
      "cannot be decoded into this buffer: \(field): wanted \(wanted), held \(held)"
    case .cancelled: "cancelled"
    case .outOfMemory: "no memory to decode it"
    }
  }
}

extension JPEGError.Limit {
  fileprivate func phrase(_ value: Int) -> String {
    switch self {
    case .fileSize: "has \(value) bytes or more"
    case .pixels: "has \(value) pixels"
    case .coefficients: "takes \(value) bytes of coefficients"
    case .scans: "has \(value) scans or more"
    }
  }
}
