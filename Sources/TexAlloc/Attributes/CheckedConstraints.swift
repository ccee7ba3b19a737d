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
