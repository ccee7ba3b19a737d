/// Constraints that passed every check for a participant alone, their lists sorted for merging.
struct CheckedConstraints: Sendable {
  /// A format and how far down it stands in the list, or in all lists together, that name it.
  struct RankedFormat {
    let format: Format
    let rank: Int
  }

  let constraints: BufferConstraints
  /// Ascending by format.
  let formats: [RankedFormat]?
  /// Ascending by bytes.
  let heaps: [String]?

  init(_ constraints: BufferConstraints, of participant: String) throws(InvalidAttributes) {
    let check = ConstraintsCheck(participant: participant, constraints: constraints)
    try check.lowerLimits()
    try check.alignments()
    formats = constraints.formats.map { formats in
      formats.enumerated().map { RankedFormat(format: $1, rank: $0) }
        .sorted { $0.format < $1.format }
    }
    try check.distinct(formats, .formats) { $0.format == $1.format }
    heaps = constraints.heaps?.sorted { $0.precedesByBytes($1) }
    try check.distinct(heaps, .heaps) { $0.hasSameBytes(as: $1) }
    let caching = constraints.caching?.sorted { $0.rawValue < $1.rawValue }
    try check.distinct(caching, .caching, areSame: ==)
    try check.bounds()
    try check.exclusions()
    self.constraints = constraints
  }
}

/// The checks of one participant's, or one alternative's, constraints by themselves.
struct ConstraintsCheck {
  let participant: String
  let constraints: BufferConstraints

  func lowerLimits() throws(InvalidAttributes) {
    try atLeast(1, .minWidth, constraints.minWidth)
    try atLeast(1, .minHeight, constraints.minHeight)
    try atLeast(1, .minBuffers, constraints.minBuffers)
    try atLeast(1, .maxBuffers, constraints.maxBuffers)
    // The JSON form holds no negative number; Swift's Int does.
    try atLeast(0, .minPitch, constraints.minPitch)
    try atLeast(0, .minSize, constraints.minSize)
    try atLeast(0, .heldBuffers, constraints.heldBuffers)
  }

  func alignments() throws(InvalidAttributes) {
    try isAlignment(.offsetAlignment, constraints.offsetAlignment)
    try isAlignment(.pitchAlignment, constraints.pitchAlignment)
    try isAlignment(.heightAlignment, constraints.heightAlignment)
    try isAlignment(.sizeAlignment, constraints.sizeAlignment)
    try isAlignment(.physicalAlignment, constraints.physicalAlignment)
  }

  /// - Parameter sorted: What is the same stands together.
  func distinct<Element>(
    _ sorted: [Element]?, _ field: AttributeField, areSame: (Element, Element) -> Bool
  ) throws(InvalidAttributes) {
    guard let sorted else { return }
    if sorted.isEmpty {
      try refuse(field, "the list is empty; leave it out to accept any")
    }
    for (element, next) in zip(sorted, sorted.dropFirst()) where areSame(element, next) {
      try refuse(field, "the list holds a duplicate")
    }
  }

  func bounds() throws(InvalidAttributes) {
    try ordered(constraints.minPitch ?? 0, .maxPitch, constraints.maxPitch)
    try ordered(constraints.minWidth ?? 1, .maxWidth, constraints.maxWidth)
    try ordered(constraints.minHeight ?? 1, .maxHeight, constraints.maxHeight)
    try ordered(constraints.minSize ?? 0, .maxSize, constraints.maxSize)
    try ordered(constraints.minBuffers ?? 1, .maxBuffers, constraints.maxBuffers)
  }

  /// Fields that exclude each other.
  func exclusions() throws(InvalidAttributes) {
    if let alignment = constraints.physicalAlignment, alignment > 1, constraints.contiguous != true
    {
      try refuse(.physicalAlignment, "\(alignment) without contiguous memory; 1 would do")
    }
    if constraints.protected == true, let usage = constraints.cpuUsage, !usage.isEmpty {
      let words = usage.map(\.rawValue).joined(separator: ", ")
      try refuse(.protected, "protected memory, yet the CPU is to \(words)")
    }
  }

  private func atLeast(_ limit: Int, _ field: AttributeField, _ value: Int?)
    throws(InvalidAttributes)
  {
    if let value, value < limit { try refuse(field, "\(value); at least \(limit) is needed") }
  }

  private func isAlignment(_ field: AttributeField, _ value: Int?) throws(InvalidAttributes) {
    if let value, !(1...BufferConstraints.maximumAlignment).contains(value) {
      try refuse(field, "\(value); an alignment is 1 … \(BufferConstraints.maximumAlignment)")
    }
  }

  private func ordered(_ least: Int, _ field: AttributeField, _ most: Int?)
    throws(InvalidAttributes)
  {
    if let most, most < least { try refuse(field, "\(most) is below the minimum, \(least)") }
  }

  private func refuse(_ field: AttributeField, _ reason: String) throws(InvalidAttributes) {
    throw InvalidAttributes(participant: participant, field: field.rawValue, reason: reason)
  }
}

extension ProvidedMemory {
  /// - Parameter isFirst: Whether no participant before says what the memory is.
  func check(of participant: String, isFirst: Bool) throws(InvalidAttributes) {
    func refuse(_ reason: String) throws(InvalidAttributes) {
      throw InvalidAttributes(participant: participant, field: "provides", reason: reason)
    }
    let limit = BufferConstraints.maximumAlignment
    if !(1...limit).contains(physicalAlignment) {
      try refuse("physicalAlignment \(physicalAlignment); an alignment is 1 … \(limit)")
    }
    if !isFirst { try refuse("another participant says what the memory is") }
  }
}

/// Attributes that no merge accepts, whoever else takes part.
public struct InvalidAttributes: Error, Hashable, Sendable {
  /// The participant's name, or that of the file it was read from; nil where all are at fault.
  public let participant: String?
  /// The key that is at fault, as in the JSON form; nil where the text as a whole is.
  public let field: String?
  /// What was found, and what would do.
  public let reason: String

  public init(participant: String?, field: String?, reason: String) {
    self.participant = participant
    self.field = field
    self.reason = reason
  }
}

extension InvalidAttributes: CustomStringConvertible {
  public var description: String {
    [participant, field, reason].compactMap(\.self).joined(separator: ": ")
  }
}
