/// What all participants can live with, and what was chosen from it.
///
/// Made by ``AttributeMerge``. Lengths are bytes, widths and heights pixels.
public struct MergedAttributes: Hashable, Sendable {
  /// The alternative that a participant took part with.
  public struct ChosenAlternative: Hashable, Sendable {
    public let participant: String
    /// Into the participant's ``BufferAttributes/alternatives``.
    public let index: Int
  }

  public internal(set) var offsetAlignment = 1
  public internal(set) var pitchAlignment = 1
  public internal(set) var heightAlignment = 1
  public internal(set) var sizeAlignment = 1
  public internal(set) var physicalAlignment = 1

  /// A multiple of `pitchAlignment`, as `maxPitch`.
  public internal(set) var minPitch = 0
  /// A maximum that is nil is no limit.
  public internal(set) var maxPitch: Int?
  public internal(set) var minWidth = 1
  public internal(set) var maxWidth: Int?
  public internal(set) var minHeight = 1
  public internal(set) var maxHeight: Int?
  public internal(set) var minSize = 0
  public internal(set) var maxSize: Int?

  public internal(set) var minBuffers = 1
  public internal(set) var maxBuffers: Int?
  /// The sum over all participants.
  public internal(set) var heldBuffers = 0

  /// Ascending; nil where no one restricts them, as `heaps` and `caching`.
  public internal(set) var formats: [Format]?
  /// Ascending by UTF-8 bytes.
  public internal(set) var heaps: [String]?
  /// In the order of preference.
  public internal(set) var caching: [Caching]?

  public internal(set) var contiguous = false
  public internal(set) var protected = false
  /// By name, as `deviceUsage`.
  public internal(set) var cpuUsage: [CPUUsage] = []
  public internal(set) var deviceUsage: [DeviceUsage] = []

  /// Of `formats`, the one that all participants together want most.
  public internal(set) var format: Format?
  /// Of `caching`, the most preferred that the CPU's usage allows.
  public internal(set) var chosenCaching: Caching?
  /// For each participant that had alternatives, ascending by the UTF-8 bytes of its name.
  public internal(set) var alternatives: [ChosenAlternative] = []
  /// Of the image that was asked for; nil without one, or without a format.
  public internal(set) var layout: ImageLayout?

  /// How many buffers the participants need together.
  public var buffers: Int { max(minBuffers, heldBuffers) }
}

extension MergedAttributes {
  /// Applies the rules field by field and chooses format and caching.
  ///
  /// - Throws: The first rule that the constraints break together.
  init(merging members: [CheckedConstraints]) throws(MergeRefusal) {
    let all = Constraints(members: members)
    try mergeAlignments(all)
    try mergeBounds(all)
    try mergeBuffers(all)
    try mergeFormats(members)
    try mergeHeaps(members)
    try mergeCaching(all)
    try mergeAccess(all)
  }

  private mutating func mergeAlignments(_ all: Constraints) throws(MergeRefusal) {
    offsetAlignment = try all.commonMultiple(.offsetAlignment, \.offsetAlignment)
    pitchAlignment = try all.commonMultiple(.pitchAlignment, \.pitchAlignment)
    heightAlignment = try all.commonMultiple(.heightAlignment, \.heightAlignment)
    sizeAlignment = try all.commonMultiple(.sizeAlignment, \.sizeAlignment)
    physicalAlignment = try all.commonMultiple(.physicalAlignment, \.physicalAlignment)
  }

  private mutating func mergeBounds(_ all: Constraints) throws(MergeRefusal) {
    maxPitch = all.least(\.maxPitch).map { $0 - $0 % pitchAlignment }
    guard
      let roundedPitch = (all.greatest(\.minPitch) ?? minPitch)
        .checkedRoundedUp(toMultipleOf: pitchAlignment)
    else { throw MergeRefusal(.pitch, .overflow) }
    minPitch = roundedPitch
    try Self.check(minPitch, .pitch, maxPitch)

    minWidth = all.greatest(\.minWidth) ?? minWidth
    maxWidth = all.least(\.maxWidth)
    try Self.check(minWidth, .width, maxWidth)

    minHeight = all.greatest(\.minHeight) ?? minHeight
    maxHeight = all.least(\.maxHeight)
    try Self.check(minHeight, .height, maxHeight)

    minSize = all.greatest(\.minSize) ?? minSize
    maxSize = all.least(\.maxSize)
    try Self.check(minSize, .size, maxSize)
  }

  private mutating func mergeBuffers(_ all: Constraints) throws(MergeRefusal) {
    minBuffers = all.greatest(\.minBuffers) ?? minBuffers
    maxBuffers = all.least(\.maxBuffers)
    for held in all.given(\.heldBuffers) {
      guard let sum = heldBuffers.checkedSum(held) else {
        throw MergeRefusal(.bufferCount, .overflow)
      }
      heldBuffers = sum
    }
    try Self.check(buffers, .bufferCount, maxBuffers)
  }

  /// The intersection in ascending order, and of it the format of the least sum of indices; the
  /// first of these is the lowest.
  private mutating func mergeFormats(_ members: [CheckedConstraints]) throws(MergeRefusal) {
    let lists = members.compactMap(\.formats)
    guard var common = lists.first else { return }
    for list in lists.dropFirst() {
      common = intersection(
        common, list, areInOrder: { $0.format < $1.format },
        join: { .init(format: $0.format, rank: $0.rank + $1.rank) })
    }
    guard let chosen = common.min(by: { $0.rank < $1.rank }) else { throw MergeRefusal(.formats) }
    formats = common.map(\.format)
    format = chosen.format
  }

  private mutating func mergeHeaps(_ members: [CheckedConstraints]) throws(MergeRefusal) {
    let lists = members.compactMap(\.heaps)
    guard var common = lists.first else { return }
    for list in lists.dropFirst() {
      common = intersection(
        common, list, areInOrder: { $0.precedesByBytes($1) }, join: { name, _ in name })
    }
    guard !common.isEmpty else { throw MergeRefusal(.heaps) }
    heaps = common
  }

  private mutating func mergeCaching(_ all: Constraints) throws(MergeRefusal) {
    let lists = all.given(\.caching)
    guard !lists.isEmpty else { return }
    let common = Caching.allCases.filter { word in lists.allSatisfy { $0.contains(word) } }
    guard !common.isEmpty else { throw MergeRefusal(.caching) }
    caching = common
  }

  private mutating func mergeAccess(_ all: Constraints) throws(MergeRefusal) {
    contiguous = all.given(\.contiguous).contains(true)
    protected = all.given(\.protected).contains(true)
    let cpuLists = all.given(\.cpuUsage)
    cpuUsage = CPUUsage.allCases.filter { word in cpuLists.contains { $0.contains(word) } }
    let deviceLists = all.given(\.deviceUsage)
    deviceUsage = DeviceUsage.allCases.filter { word in deviceLists.contains { $0.contains(word) } }

    guard !protected || cpuUsage.isEmpty else { throw MergeRefusal(.protected) }
    guard let caching else { return }
    if cpuUsage.contains(where: \.needsCache) {
      guard caching.contains(.cached) else { throw MergeRefusal(.caching) }
      chosenCaching = .cached
    } else {
      chosenCaching = caching.first
    }
  }

  private static func check(_ least: Int, _ field: MergeConflict.Field, _ most: Int?)
    throws(MergeRefusal)
  {
    if let most, least > most { throw MergeRefusal(field, .value(least, limit: most)) }
  }
}

/// What all participants give for one field after another.
private struct Constraints {
  let members: [CheckedConstraints]

  func given<Value>(_ field: (BufferConstraints) -> Value?) -> [Value] {
    members.compactMap { field($0.constraints) }
  }

  func least(_ field: (BufferConstraints) -> Int?) -> Int? { given(field).min() }

  func greatest(_ field: (BufferConstraints) -> Int?) -> Int? { given(field).max() }

  func commonMultiple(_ name: MergeConflict.Field, _ field: (BufferConstraints) -> Int?)
    throws(MergeRefusal) -> Int
  {
    var multiple = 1
    for alignment in given(field) {
      multiple = multiple.leastCommonMultiple(with: alignment)
      let limit = BufferConstraints.maximumAlignment
      guard multiple <= limit else { throw MergeRefusal(name, .value(multiple, limit: limit)) }
    }
    return multiple
  }
}

/// Both lists ascend and hold no duplicate; so does the result.
private func intersection<Element>(
  _ left: [Element], _ right: [Element], areInOrder: (Element, Element) -> Bool,
  join: (Element, Element) -> Element
) -> [Element] {
  var common: [Element] = []
  var (i, j) = (0, 0)
  while i < left.count, j < right.count {
    if areInOrder(left[i], right[j]) {
      i += 1
    } else if areInOrder(right[j], left[i]) {
      j += 1
    } else {
      common.append(join(left[i], right[j]))
      i += 1
      j += 1
    }
  }
  return common
}
