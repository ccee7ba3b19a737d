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
    var isMissing = false
    forEachWord(of: range) { index, mask in isMissing = isMissing || ~words[index] & mask != 0 }
    return !isMissing
  }

  /// Whether no page that a range touches is in it.
  func isDisjoint(with range: Range<Int>) -> Bool {
    var isMet = false
    forEachWord(of: range) { index, mask in isMet = isMet || words[index] & mask != 0 }
    return !isMet
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

  private func pages(of range: Range<Int>) -> Range<Int> {
    range.lowerBound >> pageBits..<(range.upperBound + pageSize - 1) >> pageBits
  }

  private func forEachWord(of range: Range<Int>, _ body: (_ index: Int, _ mask: UInt64) -> Void) {
    let pages = pages(of: range)
    guard !pages.isEmpty else { return }
    let width = UInt64.bitWidth
    let (first, last) = (pages.lowerBound / width, (pages.upperBound - 1) / width)
    for index in first...last {
      let below: UInt64 = index == first ? .max << (pages.lowerBound % width) : .max
      let unused = width - 1 - (pages.upperBound - 1) % width
      let above: UInt64 = index == last ? .max >> unused : .max
      body(index, below & above)
    }
  }
}
