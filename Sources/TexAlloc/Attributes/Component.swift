/// Something that touches buffers: a GPU, a decoder, a camera, a display, a heap.
///
/// A component says what it can live with; it never allocates.
public protocol Component: Sendable {
  /// What it can live with, asked of the real thing. It does not change while the component lives.
  var attributes: BufferAttributes { get }

  /// What is known of it beyond what it says of itself: participants that go wherever it goes.
  var quirks: [BufferAttributes] { get }

  /// Whether it shares the CPU's caches: whether it sees what the CPU wrote to cached memory without
  /// being told. Absent: true. Where one that touches an image does not, and the memory is cached, the
  /// image has a slab of its own, and each access of the CPU is announced to the kernel.
  var isCoherent: Bool { get }
}

extension Component {
  public var quirks: [BufferAttributes] { [] }
  public var isCoherent: Bool { true }

  /// All that takes part in a merge for it.
  var participants: [BufferAttributes] { [attributes] + quirks }

  /// The name that conflicts and refusals call it by.
  public var name: String { attributes.name }
}

/// A participant of another process in merges of this one: what ``SharingEvent/attributes(_:)`` brought.
///
/// ```swift
/// let pool = try TexturePool(for: participants.map(PeerComponent.init) + [JPEGDecoder.component])
/// ```
///
/// It has a say in every image of a pool, since it gets them. It registers nothing here, and its attributes
/// are checked like everyone's when they are merged.
public struct PeerComponent: Component {
  public let attributes: BufferAttributes

  public init(_ participant: BufferAttributes) { attributes = participant }
}
