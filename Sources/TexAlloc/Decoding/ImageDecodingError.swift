public import SystemPackage

/// Why there is no picture, whoever decodes it.
public struct ImageDecodingError: Error, Hashable, Sendable {
  public enum Reason: Hashable, Sendable {
    /// The file could not be opened or read.
    case unreadable(Errno)
    /// A directory, a pipe, a device: what it is.
    case notAFile(String)
    /// Nothing is in it.
    case empty
    /// It is not of the kind that was expected: what it seems to be instead.
    case unrecognized(String)
    /// It is of that kind, but uses what cannot be decoded.
    case unsupported(String)
    /// It ends before its image does.
    case truncated
    /// Pixels are lost; in the words of the decoder.
    case damaged(String)
    /// More of something, as `pixels`, than a limit of the decoder allows.
    case tooMuch(String, found: Int, limit: Int)
    /// The buffer is not one that the picture can be decoded into. It is as it was.
    case unsuitableBuffer(field: String, wanted: String, held: String)
    /// The caller did not want to go on.
    case cancelled
    /// The decoder got no memory.
    case outOfMemory
  }

  /// The path of the file, or what the bytes were called.
  public let name: String
  public let reason: Reason

  public init(_ name: String, _ reason: Reason) {
    self.name = name
    self.reason = reason
  }

  /// Whether the file may be sound, but asks for what this decoder cannot do, rather than that
  /// something failed.
  public var isUnsupported: Bool {
    if case .unsupported = reason { true } else { false }
  }
}

extension ImageDecodingError: CustomStringConvertible {
  public var description: String { "\(name): \(reason)" }
}

extension ImageDecodingError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let errno): "\(errno)"
    case .notAFile(let kind): "is \(kind), not a file"
    case .empty: "is empty"
    case .unrecognized(let kind): "seems to be \(kind)"
    case .unsupported(let what): "not supported: \(what)"
    case .truncated: "the file ends before its image does"
    case .damaged(let message): "damaged: \(message)"
    case .tooMuch(let what, let found, let limit):
      "\(what): \(found) or more; the limit is \(limit)"
    case .unsuitableBuffer(let field, let wanted, let held):
      "cannot be decoded into this buffer: \(field): wanted \(wanted), held \(held)"
    case .cancelled: "cancelled"
    case .outOfMemory: "no memory to decode it"
    }
  }
}
