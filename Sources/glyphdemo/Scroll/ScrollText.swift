internal import ProgramSupport
internal import TexAllocText

/// A long text in many scripts, of which some lines are seen at a time.
struct ScrollText {
  /// From top to bottom.
  let glyphs: [PlacedGlyph]
  /// Pixels of all lines.
  let height: Double
  /// How many glyphs there are that differ in face, number, size or quarter of a pixel.
  let keyCount: Int

  /// Sets the paragraphs of `assets/texts/light.txt` again and again, each time in other sizes, until it
  /// has as many keys as are wanted.
  init(keys: Int, width: Double, fonts: FontFallback) throws {
    guard let text = OwnAssets.text("light.txt") else {
      throw ProgramFailure("assets/texts/light.txt is neither here nor above the program")
    }
    let paragraphs = text.split(separator: "\n")
    var glyphs: [PlacedGlyph] = []
    var known: Set<Key> = []
    var (height, number) = (0.0, 0)
    while known.count < keys && number < paragraphs.count * 100 {
      let line = paragraphs[number % paragraphs.count]
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { throw ProgramFailure("light.txt: no language: \(line)") }
      // 11 to 29 pixels, by quarters, so that hardly two paragraphs are alike.
      let style = TextStyle(
        font: FontRequest(language: String(parts[0])), pixelSize: 11 + Double(number * 31 % 73) / 4)
      let layout = try TextLayout(
        String(parts[1].drop { $0 == " " }), style: style, width: width - 2 * Self.margin,
        fonts: fonts)
      for glyph in layout.glyphs {
        let placed = PlacedGlyph(
          face: glyph.face, index: glyph.index, pixelSize: glyph.pixelSize,
          x: glyph.x + Self.margin, baseline: glyph.baseline + height)
        glyphs.append(placed)
        known.insert(Key(placed))
      }
      height += layout.height + style.pixelSize / 2
      number += 1
    }
    self.glyphs = glyphs.sorted { $0.baseline < $1.baseline }
    self.height = height
    keyCount = known.count
  }

  /// Those that may be seen between two rows.
  func glyphs(between top: Double, _ bottom: Double) -> ArraySlice<PlacedGlyph> {
    // No letter stands out of its line by more than this.
    let (first, last) = (top - 64, bottom + 64)
    return glyphs[index(of: first)..<index(of: last)]
  }

  private static let margin = 12.0

  /// The first glyph that stands no higher than a row.
  private func index(of row: Double) -> Int {
    var (low, high) = (0, glyphs.count)
    while low < high {
      let middle = (low + high) / 2
      if glyphs[middle].baseline < row { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private struct Key: Hashable {
    let face: FontSource
    let index: UInt32
    let pixelSize: Double
    let quarters: Quarters

    init(_ glyph: PlacedGlyph) {
      face = glyph.face.source
      index = glyph.index
      pixelSize = glyph.pixelSize
      quarters = PenPosition(x: glyph.x, y: 0).quarters
    }
  }
}
