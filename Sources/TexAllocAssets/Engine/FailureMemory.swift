internal import Synchronization
internal import TexAlloc

/// Files that cannot be decoded, for as long as they do not change: the last thousand.
final class FailureMemory: Sendable {
  private static let limit = 1000

  private struct State {
    var failures: [AssetKey: (identity: FileIdentity, error: AssetError)] = [:]
    var order: [AssetKey] = []
  }

  private let state = Mutex(State())

  /// What became of the file when it was as it is now; nil where that is not known.
  func failure(of key: AssetKey?, _ identity: FileIdentity?) -> AssetError? {
    guard let key, let identity else { return nil }
    return state.withLock { state in
      guard let known = state.failures[key], known.identity == identity else { return nil }
      var error = known.error
      error.isRemembered = true
      return error
    }
  }

  /// - Parameter error: nothing is kept of what may go better another time.
  func remember(_ key: AssetKey?, _ identity: FileIdentity?, _ error: AssetError) {
    guard let key, let identity, case .file(let cause) = error.reason, cause.isOfTheFile
    else { return }
    state.withLock { state in
      if state.failures.updateValue((identity, error), forKey: key) == nil {
        state.order.append(key)
      }
      guard state.order.count > Self.limit else { return }
      for key in state.order.prefix(Self.limit / 2) { state.failures[key] = nil }
      state.order.removeFirst(Self.limit / 2)
    }
  }
}

extension ImageDecodingError {
  fileprivate var isOfTheFile: Bool {
    switch reason {
    case .unreadable, .notAFile, .cancelled, .outOfMemory, .unsuitableBuffer, .bufferInUse,
      .spentBuffer:
      false
    case .empty, .unrecognized, .unsupported, .truncated, .damaged, .tooMuch, .badRegion, .badSize,
      .noThumbnail:
      true
    }
  }
}
