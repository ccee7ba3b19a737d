internal import Synchronization

/// What one peer may make this process hold.
public struct PeerLimits: Hashable, Sendable {
  /// Bytes of memory that came from it, by the size of the descriptors.
  public var bytes: Int
  /// Buffers of either side that are with the other.
  public var buffers: Int
  /// How long it may take to read what it is sent, or to answer what is waited for.
  public var patience: Duration

  public init(bytes: Int = 1 << 30, buffers: Int = 64, patience: Duration = .seconds(10)) {
    self.bytes = bytes
    self.buffers = buffers
    self.patience = patience
  }
}

/// The bytes of a peer's memory that are held here, whoever holds them.
final class PeerQuota: Sendable {
  let limit: Int
  private let used = Mutex(0)

  init(bytes limit: Int) { self.limit = limit }

  /// Bytes.
  var held: Int { used.withLock { $0 } }

  /// nil where the peer has no room left for so much.
  func charge(_ bytes: Int) -> PeerCharge? { take(bytes) ? PeerCharge(bytes, to: self) : nil }

  fileprivate func take(_ bytes: Int) -> Bool {
    used.withLock { used in
      guard bytes <= limit - used else { return false }
      used += bytes
      return true
    }
  }

  fileprivate func giveBack(_ bytes: Int) { used.withLock { $0 -= bytes } }
}

/// What one buffer counts as, until it is gone.
final class PeerCharge: Sendable {
  private let bytes: Mutex<Int>
  private let quota: PeerQuota

  fileprivate init(_ bytes: Int, to quota: PeerQuota) {
    self.bytes = Mutex(bytes)
    self.quota = quota
  }

  /// Answers whether the peer has room for so much more.
  func grow(by more: Int) -> Bool {
    guard quota.take(more) else { return false }
    bytes.withLock { $0 += more }
    return true
  }

  deinit { quota.giveBack(bytes.withLock { $0 }) }
}
