extension MergedAttributes {
  /// Applies the rules field by field and chooses format and caching.
  ///
  /// - Parameter field: Where given, only the rules that report this field count: the others may be
  ///   broken.
  /// - Throws: The first rule that the members break together.
  init(
    merging members: [AttributeMerge.Member], onlyFor field: MergeConflict.Field? = nil
  ) throws(MergeRefusal) {
    let all = Merging(
      constraints: members.flatMap(\.constraints),
      provides: members.lazy.compactMap(\.provides).first, field: field)
    try mergeAlignments(all)
    try mergeBounds(all)
    try mergeBuffers(all)
    try mergeFormats(all)
    try mergeHeaps(all)
    try mergeCaching(all)
    try mergeDemands(all)
    try mergeAccess(all)
  }

  private mutating func mergeAlignments(_ all: Merging) throws(MergeRefusal) {
    offsetAlignment = try all.commonMultiple(.offsetAlignment, \.offsetAlignment)
    pitchAlignment = try all.commonMultiple(.pitchAlignment, \.pitchAlignment)
    heightAlignment = try all.commonMultiple(.heightAlignment, \.heightAlignment)
    sizeAlignment = try all.commonMultiple(.sizeAlignment, \.sizeAlignment)
    physicalAlignment = try all.commonMultiple(.physicalAlignment, \.physicalAlignment)
  }

  private mutating func mergeBounds(_ all: Merging) throws(MergeRefusal) {
    maxPitch = all.least(\.maxPitch).map { $0 - $0 % pitchAlignment }
    minPitch = all.greatest(\.minPitch) ?? minPitch
    if let rounded = minPitch.checkedRoundedUp(toMultipleOf: pitchAlignment) {
      minPitch = rounded
    } else {
      try all.refuse(.pitch, .overflow)
    }
    try all.require(minPitch, .pitch, atMost: maxPitch)

    minWidth = all.greatest(\.minWidth) ?? minWidth
    maxWidth = all.least(\.maxWidth)
    try all.require(minWidth, .width, atMost: maxWidth)

    minHeight = all.greatest(\.minHeight) ?? minHeight
    maxHeight = all.least(\.maxHeight)
    try all.require(minHeight, .height, atMost: maxHeight)

    minSize = all.greatest(\.minSize) ?? minSize
    maxSize = all.least(\.maxSize)
    try all.require(minSize, .size, atMost: maxSize)
  }

  private mutating func mergeBuffers(_ all: Merging) throws(MergeRefusal) {
    minBuffers = all.greatest(\.minBuffers) ?? minBuffers
    maxBuffers = all.least(\.maxBuffers)
    for held in all.given(\.heldBuffers) {
      guard let sum = heldBuffers.checkedSum(held) else {
        try all.refuse(.bufferCount, .overflow)
        break
      }
      heldBuffers = sum
    }
    try all.require(buffers, .bufferCount, atMost: maxBuffers)
  }

  /// The intersection in ascending order, and of it the format of the least sum of indices; the
  /// first of these is the lowest.
  private mutating func mergeFormats(_ all: Merging) throws(MergeRefusal) {
    let lists = all.constraints.compactMap(\.formats)
    guard var common = lists.first else { return }
    for list in lists.dropFirst() {
      common = intersection(
        common, list, areInOrder: { $0.format < $1.format },
        join: { .init(format: $0.format, rank: $0.rank + $1.rank) })
    }
    formats = common.map(\.format)
    format = common.min { $0.rank < $1.rank }?.format
    if common.isEmpty { try all.refuse(.formats) }
  }

  private mutating func mergeHeaps(_ all: Merging) throws(MergeRefusal) {
    let lists = all.constraints.compactMap(\.heaps)
    guard var common = lists.first else { return }
    for list in lists.dropFirst() {
      common = intersection(
        common, list, areInOrder: { $0.precedesByBytes($1) }, join: { name, _ in name })
    }
    heaps = common
    if common.isEmpty { try all.refuse(.heaps) }
  }

  private mutating func mergeCaching(_ all: Merging) throws(MergeRefusal) {
    let lists = all.given(\.caching)
    guard !lists.isEmpty else { return }
    let common = Caching.allCases.filter { word in lists.allSatisfy { $0.contains(word) } }
    caching = common
    if common.isEmpty { try all.refuse(.caching) }
  }

  private mutating func mergeDemands(_ all: Merging) throws(MergeRefusal) {
    contiguous = all.given(\.contiguous).contains(true)
    protected = all.given(\.protected).contains(true)
    provides = all.provides
    guard let provides else { return }
    if contiguous && !provides.contiguous { try all.refuse(.contiguous) }
    if !provides.physicalAlignment.isMultiple(of: physicalAlignment) {
      try all.refuse(.physicalAlignment)
    }
    if protected && !provides.protected { try all.refuse(.protected) }
  }

  private mutating func mergeAccess(_ all: Merging) throws(MergeRefusal) {
    let cpuLists = all.given(\.cpuUsage)
    cpuUsage = CPUUsage.allCases.filter { word in cpuLists.contains { $0.contains(word) } }
    let deviceLists = all.given(\.deviceUsage)
    deviceUsage = DeviceUsage.allCases.filter { word in deviceLists.contains { $0.contains(word) } }

    if protected && !cpuUsage.isEmpty { try all.refuse(.protected) }
    guard let caching else { return }
    if cpuUsage.contains(where: \.needsCache) {
      if !caching.contains(.cached) { try all.refuse(.caching) }
      chosenCaching = .cached
    } else {
      chosenCaching = caching.first
    }
  }
}

/// What all members give for one field after another, and which of the rules count.
private struct Merging {
  let constraints: [CheckedConstraints]
  let provides: ProvidedMemory?
  /// nil: every rule.
  let field: MergeConflict.Field?

  /// A rule is broken; returns where it does not count.
  func refuse(_ broken: MergeConflict.Field, _ excess: MergeRefusal.Excess? = nil)
    throws(MergeRefusal)
  {
    if field ?? broken == broken { throw MergeRefusal(broken, excess) }
  }

  func require(_ least: Int, _ field: MergeConflict.Field, atMost most: Int?) throws(MergeRefusal) {
    if let most, least > most { try refuse(field, .value(least, limit: most)) }
  }

  func given<Value>(_ field: (BufferConstraints) -> Value?) -> [Value] {
    constraints.compactMap { field($0.constraints) }
  }

  func least(_ field: (BufferConstraints) -> Int?) -> Int? { given(field).min() }

  func greatest(_ field: (BufferConstraints) -> Int?) -> Int? { given(field).max() }

  /// Where it passes the limit and that does not count, as far as it got.
  func commonMultiple(_ name: MergeConflict.Field, _ field: (BufferConstraints) -> Int?)
    throws(MergeRefusal) -> Int
  {
    var multiple = 1
    for alignment in given(field) {
      let next = multiple.leastCommonMultiple(with: alignment)
      let limit = BufferConstraints.maximumAlignment
      guard next <= limit else {
        try refuse(name, .value(next, limit: limit))
        break
      }
      multiple = next
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
