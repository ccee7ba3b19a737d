public import TexAlloc

/// Why a request did not become a texture: which, at what stage, and for what reason.
public struct AssetError: Error, Hashable, Sendable {
  public enum Reason: Hashable, Sendable {
    /// The file could not be read or decoded.
    case file(ImageDecodingError)
    /// The pool gives no memory for it, however long one waits.
    case memory(AllocationError)
    /// The device took the memory in no way.
    case device(RegistrationRefused)
    /// The caller did not want it any more.
    case cancelled
    /// Nobody holds the loader any more.
    case closed
  }

  /// How far the request had come.
  public enum Stage: String, Hashable, Sendable {
    case queued, reading, decoding, allocating, registering
  }

  /// The path of the file, or what its source was called.
  public let name: String
  public let stage: Stage
  public let reason: Reason
  /// Whether the file was not looked into, since it failed before and is as it was.
  public internal(set) var isRemembered = false

  init(_ name: String, _ stage: Stage, _ reason: Reason) {
    self.name = name
    self.stage = stage
    self.reason = reason
  }
}

extension AssetError: CustomStringConvertible {
  public var description: String {
    switch reason {
    case .file(let error): "\(error)"
    case .memory(let error): "\(name): \(error)"
    case .device(let error): "\(name): \(error)"
    case .cancelled: "\(name): cancelled while \(stage.rawValue)"
    case .closed: "\(name): its loader was closed while it was \(stage.rawValue)"
    }
  }
}
