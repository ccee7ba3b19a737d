/// What is known of the pages of one slab: the one place that knows it.
///
/// Pages come with the first write, or are made ready before it; they go when they are given back, in
/// pages of the size in which the slab gives back. What nobody has had since then is zero.
struct SlabPages: Sendable {
  /// What somebody had since it was zero.
  private var used: PageSet
  /// What has memory.
  private var ready: PageSet
  /// What the kernel was asked for, whatever it answered.
  private var requested: PageSet
  private let size: Int
  /// How the kernel refused the last time that it did.
  var refusal: SystemFailure?

  init(of slab: Slab) {
    size = slab.size
    used = PageSet(of: slab.size, pageSize: pageSize)
    ready = PageSet(of: slab.size, pageSize: slab.pageSize)
    requested = ready
  }

  /// Bytes that have memory, as far as is known.
  var resident: Int { ready.size }

  /// Notes that somebody has a range from now on; answers whether it is zero.
  mutating func use(_ range: Range<Int>) -> Bool {
    let isZero = used.isDisjoint(with: range)
    if isZero || !used.contains(range) { used.insert(range) }
    return isZero
  }

  /// Whether the pages of a range are ready, or asked for.
  func isRequested(_ range: Range<Int>) -> Bool { requested.contains(range) }

  /// The pages of a range that are still to be asked for, which the caller does.
  mutating func request(_ range: Range<Int>) -> [Range<Int>] {
    let missing = requested.gaps(in: range).map { $0.clamped(to: 0..<size) }
    requested.insert(range)
    return missing
  }

  /// Notes that the kernel was not asked for the pages of a range after all.
  mutating func cancelRequest(_ range: Range<Int>) { requested.remove(range) }

  /// Notes that the pages of a range have memory: the kernel gave it, or somebody writes.
  mutating func markReady(_ range: Range<Int>) {
    guard !ready.contains(range) else { return }
    ready.insert(range)
    requested.insert(range)
  }

  /// The pages that lie wholly within a range, where any of them has memory; else nil.
  func pagesToGiveBack(in range: Range<Int>) -> Range<Int>? {
    let start = range.lowerBound.roundedUp(toMultipleOf: ready.pageSize)
    let end = range.upperBound / ready.pageSize * ready.pageSize
    guard start < end, !ready.isDisjoint(with: start..<end) else { return nil }
    return start..<end
  }

  /// Bytes of a range that have memory.
  func resident(in range: Range<Int>) -> Int { ready.size(in: range) }

  /// Notes that the pages of a range were given back.
  mutating func markGivenBack(_ range: Range<Int>) {
    used.remove(range)
    ready.remove(range)
    requested.remove(range)
  }
}
