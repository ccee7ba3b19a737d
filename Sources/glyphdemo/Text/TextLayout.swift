internal import TexAllocText

/// A text broken into lines, with every glyph at its place from the upper left corner of its box.
struct TextLayout {
  private(set) var glyphs: [PlacedGlyph] = []
  private(set) var lineCount = 0
  /// Pixels of all lines.
  private(set) var height = 0.0
  /// Pixels of the longest line.
  private(set) var width = 0.0

  /// - Parameters:
  ///   - text: Each of its lines is a paragraph.
  ///   - width: Pixels of the box, which lines are broken to and aligned in.
  init(_ text: String, style: TextStyle, width: Double, fonts: FontFallback) throws {
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      let paragraph = try Paragraph(line, style: style, fonts: fonts)
      for part in try paragraph.lines(width: width) {
        try append(part, of: paragraph, boxWidth: width, fonts: fonts)
      }
    }
  }

  private mutating func append(
    _ part: Range<Int>, of paragraph: Paragraph, boxWidth: Double, fonts: FontFallback
  ) throws {
    let style = paragraph.style
    let shaped = try paragraph.shape(part)
    let lineWidth = shaped.reduce(0) { $0 + $1.advance }
    // A line is as high as its highest face, and no lower than that of the style.
    var (ascent, descent) = (0.0, 0.0)
    for face in [try fonts.face(style.font)] + shaped.map(\.face) {
      let metrics = try face.lineMetrics(pixelSize: style.pixelSize)
      ascent = max(ascent, metrics.ascent)
      descent = max(descent, metrics.descent)
    }

    let room = boxWidth - lineWidth
    var pen =
      switch (style.alignment, paragraph.direction) {
      case (.left, _), (.natural, .leftToRight): 0.0
      case (.right, _), (.natural, .rightToLeft): room
      case (.center, _): room / 2
      }
    let baseline = height + ascent
    for glyph in shaped {
      glyphs.append(
        PlacedGlyph(
          face: glyph.face, index: glyph.index, pixelSize: style.pixelSize,
          x: pen + glyph.xOffset, baseline: baseline - glyph.yOffset))
      pen += glyph.advance
    }
    lineCount += 1
    width = max(width, lineWidth)
    height = baseline + descent
  }
}

/// A glyph at its place: the pen is at (x, baseline), pixels, y downward.
struct PlacedGlyph {
  let face: FontFace
  let index: UInt32
  let pixelSize: Double
  let x, baseline: Double
}

/// How a text is set.
struct TextStyle: Hashable {
  /// The side that lines are flush with.
  enum Alignment: Hashable {
    /// Where the text begins: left for Latin, right for Arabic.
    case natural
    case left, center, right
  }

  var font = FontRequest()
  /// Pixels of the em square.
  var pixelSize = 16.0
  var alignment = Alignment.natural
  /// nil where each paragraph's first letter tells.
  var direction: TextDirection?
}
