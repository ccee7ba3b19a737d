/// Who disagrees with whom about what.
public struct MergeConflict: Error, Hashable, Sendable {
  /// What the participants cannot agree on.
  public enum Field: String, CaseIterable, Sendable {
    case offsetAlignment, pitchAlignment, heightAlignment, sizeAlignment, physicalAlignment
    case pitch, width, height, size, bufferCount
    case formats, heaps, caching, contiguous, protected
    /// The layout of the image needs a longer pitch, or a larger size, than there may be.
    case maxPitch, maxSize
  }

  /// One of those to blame, with what it sets of the field's inputs and nothing else.
  public struct Participant: Hashable, Sendable {
    public let name: String
    public let value: BufferConstraints
    /// The same of the alternative that it took part with; nil where that sets none of them.
    public let alternative: BufferConstraints?
    /// What its memory is, where the field is about that.
    public let provides: ProvidedMemory?
  }

  public let field: Field
  /// Those to blame, in ascending order of name.
  public let participants: [Participant]
  /// In words: every participant to blame and the values that oppose each other.
  public let relaxation: String
}

extension MergeConflict: CustomStringConvertible {
  public var description: String { "conflict in \(field.rawValue): \(relaxation)" }
}

extension MergeConflict.Field {
  /// Whether what a heap ``BufferAttributes/provides`` is an input, too.
  public var dependsOnProvides: Bool {
    self == .contiguous || self == .physicalAlignment || self == .protected
  }

  /// The fields of constraints from which a conflict in this one arises.
  public var inputs: [AttributeField] {
    switch self {
    case .offsetAlignment: [.offsetAlignment]
    case .pitchAlignment: [.pitchAlignment]
    case .heightAlignment: [.heightAlignment]
    case .sizeAlignment: [.sizeAlignment]
    case .physicalAlignment: [.physicalAlignment]
    case .pitch: [.minPitch, .maxPitch, .pitchAlignment]
    case .width: [.minWidth, .maxWidth]
    case .height: [.minHeight, .maxHeight]
    case .size: [.minSize, .maxSize]
    case .bufferCount: [.minBuffers, .maxBuffers, .heldBuffers]
    case .formats: [.formats]
    case .heaps: [.heaps]
    case .caching: [.caching, .cpuUsage]
    case .contiguous: [.contiguous]
    case .protected: [.protected, .cpuUsage]
    case .maxPitch: [.maxPitch, .minPitch, .pitchAlignment]
    case .maxSize:
      [
        .maxSize, .minSize, .minPitch, .sizeAlignment, .offsetAlignment, .pitchAlignment,
        .heightAlignment,
      ]
    }
  }
}

/// A rule that a merge or a layout broke, before anyone is blamed for it.
struct MergeRefusal: Error {
  /// By how much, where the rule is about a number.
  enum Excess {
    case value(Int, limit: Int)
    /// Past 2^63 − 1.
    case overflow
  }

  let field: MergeConflict.Field
  let excess: Excess?

  init(_ field: MergeConflict.Field, _ excess: Excess? = nil) {
    self.field = field
    self.excess = excess
  }
}

/// Why participants have no merged attributes.
public enum MergeError: Error, Hashable, Sendable {
  /// A participant is at fault by itself.
  case invalid(InvalidAttributes)
  /// Participants ask for what cannot be had together.
  case conflict(MergeConflict)
}

extension MergeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .invalid(let invalid): invalid.description
    case .conflict(let conflict): conflict.description
    }
  }
}
