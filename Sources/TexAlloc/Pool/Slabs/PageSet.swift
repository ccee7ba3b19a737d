/// A set of pages of one slab, of any size: a bit for each. Ranges are in bytes.
struct PageSet: Sendable {
  private let pageBits: Int
  private var words: [UInt64]

  /// An empty set.
  ///
  /// - Parameters:
  ///   - size: Bytes of the slab.
  ///   - pageSize: A power of two.
  init(of size: Int, pageSize: Int) {
    pageBits = pageSize.trailingZeroBitCount
    let pages = size.dividedRoundingUp(by: pageSize)
    words = Array(repeating: 0, count: pages.dividedRoundingUp(by: UInt64.bitWidth))
  }

  var pageSize: Int { 1 << pageBits }

  /// Bytes of the pages in it.
  var size: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } << pageBits }

  /// Bytes of the pages in it that a range touches.
  func size(in range: Range<Int>) -> Int {
    var count = 0
    forEachWord(of: range) { index, mask in count += (words[index] & mask).nonzeroBitCount }
    return count << pageBits
  }

  /// Whether every page that a range touches is in it.
  func contains(_ range: Range<Int>) -> Bool {
    allWords(of: range) { word, mask in ~word & mask == 0 }
  }

  /// Whether no page that a range touches is in it.
  func isDisjoint(with range: Range<Int>) -> Bool {
    allWords(of: range) { word, mask in word & mask == 0 }
  }

  /// Takes in every page that a range touches.
  mutating func insert(_ range: Range<Int>) {
    forEachWord(of: range) { index, mask in words[index] |= mask }
  }

  /// Takes out every page that a range touches.
  mutating func remove(_ range: Range<Int>) {
    forEachWord(of: range) { index, mask in words[index] &= ~mask }
  }

  /// The pages that a range touches and that are not in it, run by run.
  func gaps(in range: Range<Int>) -> [Range<Int>] {
    let pages = pages(of: range)
    var gaps: [Range<Int>] = []
    var page = pages.lowerBound
    while page < pages.upperBound {
      let start = first(from: page, in: pages, isIn: false)
      page = first(from: start, in: pages, isIn: true)
      if start < page { gaps.append(start << pageBits..<page << pageBits) }
    }
    return gaps
  }

  private func first(from page: Int, in pages: Range<Int>, isIn: Bool) -> Int {
    var page = page
    while page < pages.upperBound {
      let word = words[page / UInt64.bitWidth] ^ (isIn ? 0 : .max)
      let rest = word & (.max << (page % UInt64.bitWidth))
      let start = page / UInt64.bitWidth * UInt64.bitWidth
      if rest != 0 { return min(start + rest.trailingZeroBitCount, pages.upperBound) }
      page = start + UInt64.bitWidth
    }
    return pages.upperBound
  }

  @inline(__always)
  private func pages(of range: Range<Int>) -> Range<Int> {
    range.lowerBound >> pageBits..<(range.upperBound + pageSize - 1) >> pageBits
  }

  private func forEachWord(of range: Range<Int>, _ body: (_ index: Int, _ mask: UInt64) -> Void) {
    guard let (indices, firstMask, lastMask) = words(of: range) else { return }
    for index in indices {
      let below = index == indices.lowerBound ? firstMask : .max
      body(index, index == indices.upperBound ? below & lastMask : below)
    }
  }

  /// Stops at the first that does not suit.
  @inline(__always)
  private func allWords(of range: Range<Int>, _ suits: (_ word: UInt64, _ mask: UInt64) -> Bool)
    -> Bool
  {
    guard let (indices, firstMask, lastMask) = words(of: range) else { return true }
    let (first, last) = (indices.lowerBound, indices.upperBound)
    if first == last { return suits(words[first], firstMask & lastMask) }
    guard suits(words[first], firstMask), suits(words[last], lastMask) else { return false }
    for index in first + 1..<last where !suits(words[index], .max) { return false }
    return true
  }

  /// Where the pages lie that a range touches, and which bits of the first and of the last word are
  /// theirs; nil for none.
  @inline(__always)
  private func words(
    of range: Range<Int>
  ) -> (indices: ClosedRange<Int>, first: UInt64, last: UInt64)? {
    let pages = pages(of: range)
    guard !pages.isEmpty else { return nil }
    let (width, last) = (UInt64.bitWidth, pages.upperBound - 1)
    return (
      pages.lowerBound / width...last / width, .max << (pages.lowerBound % width),
      .max >> (width - 1 - last % width)
    )
  }
}
