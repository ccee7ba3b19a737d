/// Places on a page for glyphs as they come, in rows as high as the highest of them: what every
/// toolkit has.
struct RowPacking {
  /// Pixels of the page.
  let side: Int
  private var x = 0
  private var y = 0
  private var rowHeight = 0

  init(side: Int) { self.side = side }

  /// A place with a pixel to spare on its right and below; nil for a glyph without ink.
  mutating func place(width: Int, height: Int) -> (x: Int, y: Int)? {
    guard width > 0, height > 0 else { return nil }
    if x + width + 1 > side {
      x = 0
      y += rowHeight + 1
      rowHeight = 0
    }
    precondition(y + height <= side, "the page is full")
    defer {
      x += width + 1
      rowHeight = max(rowHeight, height)
    }
    return (x, y)
  }
}
