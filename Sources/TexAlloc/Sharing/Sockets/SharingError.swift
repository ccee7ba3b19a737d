/// Why a ``BufferSocket`` did not do what it was to do. After an error of the peer's the connection is
/// closed, and all that the peer held is released.
public enum SharingError: Error, Hashable, Sendable {
  /// What the peer sent is no message.
  case malformed(MalformedMessage)
  /// What the peer sent is not for it to send now.
  case unexpected(message: String, because: String)
  /// Memory that the peer sent was not taken.
  case memory(AdoptionRefused)
  /// The peer would have this process hold more than it may: bytes, or buffers.
  case quota(field: String, held: Int, wanted: Int, limit: Int)
  /// The peer did not read, or not answer, for so long.
  case slow(Duration)
  /// The user of the peer may not connect.
  case stranger(PeerCredentials, allowed: Set<UInt32>)
  /// The buffer cannot be handed over; the connection is as it was.
  case notExported(ExportRefused)
  /// The buffer went to another peer before, and a descriptor cannot be taken back. The connection is as it
  /// was.
  case sharedBefore(buffer: String)
  /// The call does not fit what was handed over; the connection is as it was.
  case misuse(String)
  /// The connection was closed before.
  case closed
  case failed(SystemFailure)
}

extension SharingError {
  /// Runs what may fail for reasons of the kernel's.
  static func stating<Result: ~Copyable>(
    _ body: () throws(SystemFailure) -> Result
  ) throws(SharingError) -> Result {
    do { return try body() } catch { throw .failed(error) }
  }
}

extension SharingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .malformed(let message): "\(message)"
    case .unexpected(let message, let reason): "\(message): unexpected: \(reason)"
    case .memory(let refusal): "\(refusal)"
    case .quota(let field, let held, let wanted, let limit):
      "quota: \(wanted) \(field) beside \(held) pass the limit of \(limit)"
    case .slow(let time): "the peer neither read nor answered for \(time)"
    case .stranger(let peer, let allowed):
      "user \(peer.user) of process \(peer.process) is none of "
        + allowed.sorted().map { "\($0)" }.joined(separator: ", ")
    case .notExported(let refusal): "\(refusal)"
    case .sharedBefore(let buffer): "\(buffer): it went to another peer before"
    case .misuse(let reason): reason
    case .closed: "the connection is closed"
    case .failed(let failure): "\(failure)"
    }
  }
}
