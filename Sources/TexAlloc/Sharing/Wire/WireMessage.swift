/// What one process tells the other over a ``BufferSocket``: the content of one packet, apart from its
/// descriptors. `Docs/wire-format.md` has the bytes.
enum WireMessage: Hashable, Sendable {
  /// The first of each side, with its name.
  case hello(name: String)
  /// The producer wants to know what the consumer can live with.
  case ask
  /// The answer. What memory is, only a side that allocates says: `provides` is never sent.
  case attributes([BufferAttributes])
  /// Both cannot live with each other, in words.
  case conflict(String)
  case offer(WireOffer)
  /// A kept buffer that was released has been written anew.
  case again(WireTenure, WireFence)
  /// The consumer is done with it once the fence has passed, or has not taken it.
  case release(WireTenure, WireFence, refusal: String)
  /// A kept buffer that was released will not come again.
  case withdraw(number: UInt64)
  /// All counters of the sender up to this one have passed.
  case reached(UInt64)
  /// The last one: why the sender ends the connection.
  case farewell(String)

  enum Kind: UInt16, CaseIterable, Sendable {
    case hello = 1
    case ask, attributes, conflict, offer, again, release, withdraw, reached, farewell
  }

  var kind: Kind {
    switch self {
    case .hello: .hello
    case .ask: .ask
    case .attributes: .attributes
    case .conflict: .conflict
    case .offer: .offer
    case .again: .again
    case .release: .release
    case .withdraw: .withdraw
    case .reached: .reached
    case .farewell: .farewell
    }
  }

  /// How many descriptors go with it.
  var descriptors: Int {
    switch self {
    case .offer(let offer): offer.memories + offer.fence.descriptors
    case .again(_, let fence), .release(_, let fence, _): fence.descriptors
    default: 0
    }
  }
}

/// A buffer with the contents that it has for one hand-over.
struct WireTenure: Hashable, Sendable {
  /// What the producer calls the buffer: never used twice on a connection.
  var number: UInt64
  /// 1 for the contents that it was offered with, and one more each time it comes again.
  var generation: UInt64
}

/// What is to be waited for.
enum WireFence: Hashable, Sendable {
  case passed
  /// The last descriptor of the packet is a sync file.
  case syncFile
  /// The sender will say that it has reached so much.
  case counter(UInt64)

  var descriptors: Int { self == .syncFile ? 1 : 0 }
}

/// The description of a buffer, whose memories are the descriptors of the packet.
struct WireOffer: Hashable, Sendable {
  struct Plane: Hashable, Sendable {
    /// Bytes from the start of the memory.
    var offset: UInt64
    /// Bytes.
    var pitch: UInt32
    /// Which descriptor of the packet, from 0.
    var memory: UInt32
  }

  static let planeLimit = 4

  var tenure: WireTenure
  /// Pixels.
  var width, height: UInt32
  var format: Format
  /// 1 to ``planeLimit``.
  var planes: [Plane]
  /// How many descriptors are memory, each of at least one plane.
  var memories: Int
  /// Whether it will come again after it was released.
  var isKept: Bool
  var orientation: Orientation
  var colour: Colour
  var alpha: Alpha
  var sampling: Sampling
  /// Before which nobody reads it.
  var fence: WireFence
  /// For reports.
  var label: String
  /// What it was allocated to.
  var attributes: BufferConstraints
}

/// The numbers of the form, and what no message may pass.
enum WireForm {
  /// `TXAL`.
  static let magic: UInt32 = 0x4C41_5854
  static let version: UInt16 = 1
  static let headerSize = 24
  /// Bytes of a message.
  static let largestMessage = 1 << 16
  /// Descriptors of a packet: four memories and a fence.
  static let mostDescriptors = WireOffer.planeLimit + 1
  /// Bytes of a name, and of a text for people.
  static let longestName = 255
  static let longestWords = 4096
  static let mostParticipants = 16
  static let mostAlternatives = 16
  static let mostFormats = 1024
  static let mostHeaps = 64
}
