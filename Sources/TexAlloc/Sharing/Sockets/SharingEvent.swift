/// What the peer says.
public enum SharingEvent: Sendable {
  /// It wants to know what this side can live with: ``BufferSocket/answer(with:)``.
  case asked
  /// What it can live with, each participant under the name `peer/NAME`.
  case attributes([BufferAttributes])
  /// What it can live with and what it was told do not go together, in words.
  case conflict(String)
  /// A buffer, or new contents of one that came before.
  case received(ReceivedBuffer)
  /// A kept buffer will not come again; devices' registrations of it can go.
  case withdrawn(ReceivedBuffer)
  /// It is done with a buffer, whose slot waits for its fence; or has refused it, with the reason.
  case released(HandOver, TextureBuffer, refusal: String?)
  /// The connection has ended: by the peer's own words, or without any.
  case closed(because: String?)
}

/// An image in the memory of another process.
public struct ReceivedBuffer: Sendable {
  public internal(set) var handOver: HandOver
  /// Registers like any other. It is mapped for reading where its format is linear; the peer may write
  /// it at any time, so what is read twice need not be the same.
  public let buffer: TextureBuffer
  /// How its rows are to be shown.
  public let orientation: Orientation
  /// What the peer says that it was allocated to.
  public let attributes: BufferConstraints
  /// Whether it may come again after it was released.
  public let isKept: Bool
  /// What to wait for before it is read; nil for nothing.
  public internal(set) var fence: (any Fence)?
}

/// One hand-over of a buffer to another process.
public struct HandOver: Hashable, Sendable {
  /// The buffer's name on this connection, never used twice.
  public let number: UInt64
  /// Of its contents: 1, and one more each time that it comes again.
  public let generation: UInt64

  public init(number: UInt64, generation: UInt64) {
    self.number = number
    self.generation = generation
  }
}

extension HandOver {
  init(_ tenure: WireTenure) { self.init(number: tenure.number, generation: tenure.generation) }
}

extension WireTenure {
  init(_ handOver: HandOver) {
    self.init(number: handOver.number, generation: handOver.generation)
  }
}
