/// Which pixels of a page are taken: a bit each.
struct TexelBitmap: Sendable {
  let width, height: Int
  private let wordsPerRow: Int
  /// Row by row; bits behind the width are set.
  private var words: [UInt64]

  /// All free.
  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    wordsPerRow = (width + 63) / 64
    words = Array(repeating: 0, count: wordsPerRow * height)
    guard width % 64 > 0 else { return }
    for row in 0..<height { words[(row + 1) * wordsPerRow - 1] = .max << UInt64(width % 64) }
  }

  /// Takes pixels that are free.
  mutating func take(_ place: TexelRectangle) {
    for column in place.x / 64...(place.x + place.width - 1) / 64 {
      let mask = Self.mask(of: place.columns, inWord: column)
      var index = place.y * wordsPerRow + column
      let wordsPerRow = wordsPerRow
      var words = words.mutableSpan
      for _ in 0..<place.height {
        words[index] |= mask
        index += wordsPerRow
      }
    }
  }

  /// Frees pixels that are taken; answers whether all of them were.
  mutating func free(_ place: TexelRectangle) -> Bool {
    var wereTaken = true
    for column in place.x / 64...(place.x + place.width - 1) / 64 {
      let mask = Self.mask(of: place.columns, inWord: column)
      var index = place.y * wordsPerRow + column
      let wordsPerRow = wordsPerRow
      var words = words.mutableSpan
      for _ in 0..<place.height {
        wereTaken = wereTaken && words[index] & mask == mask
        words[index] &= ~mask
        index += wordsPerRow
      }
    }
    return wereTaken
  }

  /// Whether all pixels are free.
  func isFree(_ place: TexelRectangle) -> Bool {
    let words = words.span
    for column in place.x / 64...(place.x + place.width - 1) / 64 {
      let mask = Self.mask(of: place.columns, inWord: column)
      var index = place.y * wordsPerRow + column
      for _ in 0..<place.height {
        if words[index] & mask != 0 { return false }
        index += wordsPerRow
      }
    }
    return true
  }

  /// How far a free place can be widened, by at most `limit` pixels each way: its columns then.
  func freeColumns(around place: TexelRectangle, limit: Int) -> Range<Int> {
    var (start, end) = (max(place.x - limit, 0), min(place.x + place.width + limit, width))
    let words = words.span
    for column in start / 64...(end - 1) / 64 {
      var taken: UInt64 = 0
      var index = place.y * wordsPerRow + column
      for _ in 0..<place.height {
        taken |= words[index]
        index += wordsPerRow
      }
      if column == (end - 1) / 64 || column == start / 64 {
        taken &= Self.mask(of: start..<end, inWord: column)
      }
      if taken == 0 { continue }
      // What is taken lies left of the place, or right of it.
      let left =
        column == place.x / 64
        ? taken & ~(.max << UInt64(place.x % 64)) : column < place.x / 64 ? taken : 0
      if left != 0 { start = column * 64 + 64 - left.leadingZeroBitCount }
      let right = taken & ~left
      if right != 0 {
        end = column * 64 + right.trailingZeroBitCount
        break
      }
    }
    return start..<end
  }

  /// How far a free place can be made higher, by at most `limit` pixels each way: its rows then.
  func freeRows(around place: TexelRectangle, limit: Int) -> Range<Int> {
    let (first, last) = (max(place.y - limit, 0), min(place.y + place.height + limit, height))
    var (start, end) = (place.y, place.y + place.height)
    while start > first, isFree(place.columns, row: start - 1) { start -= 1 }
    while end < last, isFree(place.columns, row: end) { end += 1 }
    return start..<end
  }

  private func isFree(_ columns: Range<Int>, row: Int) -> Bool {
    for column in columns.lowerBound / 64...(columns.upperBound - 1) / 64
    where words[row * wordsPerRow + column] & Self.mask(of: columns, inWord: column) != 0 {
      return false
    }
    return true
  }

  /// The bits of a word that stand for columns.
  private static func mask(of columns: Range<Int>, inWord column: Int) -> UInt64 {
    let start = max(columns.lowerBound - column * 64, 0)
    let end = min(columns.upperBound - column * 64, 64)
    return UInt64.max << UInt64(start) & UInt64.max >> UInt64(64 - end)
  }
}
