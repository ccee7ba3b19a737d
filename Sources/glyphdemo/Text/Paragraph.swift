internal import CRaqm
internal import TexAllocText

/// A text without line ends, with a face for every character: ready to be shaped, whole or in part.
struct Paragraph {
  /// Line ends, tabs and other control characters are spaces here.
  let characters: [Unicode.Scalar]
  /// One for each character.
  let faces: [FontFace]
  /// Whether a reader sees something new begin at a character.
  let beginsGrapheme: [Bool]
  let direction: TextDirection
  let style: TextStyle

  init(_ text: some StringProtocol, style: TextStyle, fonts: FontFallback) throws {
    let text = String(String.UnicodeScalarView(text.unicodeScalars.map(\.orSpaceIfControl)))
    characters = Array(text.unicodeScalars)
    faces = try fonts.faces(for: text, as: style.font)
    beginsGrapheme = text.flatMap { character in
      character.unicodeScalars.indices.map { $0 == character.unicodeScalars.startIndex }
    }
    direction = style.direction ?? TextDirection(of: characters) ?? .leftToRight
    self.style = style
  }
}

extension Unicode.Scalar {
  fileprivate var orSpaceIfControl: Unicode.Scalar {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: " "
    default: self
    }
  }
}

/// Where lines of text begin.
enum TextDirection: Hashable {
  case leftToRight, rightToLeft

  /// That of the first letter which has one, by rules P2 and P3 of the Unicode Bidirectional
  /// Algorithm; nil where no letter has.
  init?(of text: some Sequence<Unicode.Scalar>) {
    let characters = text.map(\.value)
    var types = [FriBidiCharType](
      repeating: FriBidiCharType(rawValue: 0), count: characters.count)
    // Both functions are given arrays of this length.
    unsafe fribidi_get_bidi_types(characters, FriBidiStrIndex(characters.count), &types)
    switch unsafe fribidi_get_par_direction(types, FriBidiStrIndex(types.count)) {
    case FRIBIDI_PAR_LTR: self = .leftToRight
    case FRIBIDI_PAR_RTL: self = .rightToLeft
    default: return nil
    }
  }

  var forRaqm: raqm_direction_t {
    switch self {
    case .leftToRight: RAQM_DIRECTION_LTR
    case .rightToLeft: RAQM_DIRECTION_RTL
    }
  }
}

extension Paragraph {
  /// The parts of the paragraph that fit on lines of a width in pixels, spaces at their ends aside.
  ///
  /// Lines are filled one after the other, and end at a space, after a hyphen or beside a Chinese or
  /// Japanese character; a word that is wider than a line ends wherever the line does.
  func lines(width: Double) throws -> [Range<Int>] {
    let advances = try advances()
    var lines: [Range<Int>] = []
    var start = 0
    var opportunity: Int?
    var used = 0.0
    for index in characters.indices {
      used += advances[index]
      if used > width, !isSpace(index), let end = opportunity ?? emergency(start, index) {
        lines.append(trimmed(start..<end))
        start = end
        opportunity = nil
        used = advances[start...index].reduce(0, +)
      }
      if mayEnd(after: index) { opportunity = index + 1 }
    }
    lines.append(trimmed(start..<characters.endIndex))
    return lines
  }

  /// Pixels that each character adds to a line; those that share a glyph, only the first.
  private func advances() throws -> [Double] {
    var advances = [Double](repeating: 0, count: characters.count)
    for glyph in try shape(characters.indices) { advances[glyph.cluster] += glyph.advance }
    return advances
  }

  /// The place before a character where a word is broken; nil where that would leave a line empty or
  /// cut what a reader sees as one character.
  private func emergency(_ start: Int, _ index: Int) -> Int? {
    index > start && beginsGrapheme[index] ? index : nil
  }

  private func mayEnd(after index: Int) -> Bool {
    guard index + 1 < characters.endIndex, beginsGrapheme[index + 1] else { return false }
    let (here, next) = (characters[index], characters[index + 1])
    if isSpace(index) { return true }
    if here == "-" || here == "\u{2010}" { return next.properties.isAlphabetic }
    return here.endsAnywhere && !next.isPunctuation || next.endsAnywhere && !here.isPunctuation
  }

  private func isSpace(_ index: Int) -> Bool {
    characters[index].properties.isWhitespace && characters[index] != "\u{A0}"
  }

  private func trimmed(_ part: Range<Int>) -> Range<Int> {
    var part = part
    while let last = part.last, isSpace(last) { part = part.lowerBound..<last }
    return part
  }
}

extension Unicode.Scalar {
  /// Whether lines may end on both sides, as they may beside Han, Hiragana and Katakana.
  fileprivate var endsAnywhere: Bool {
    properties.isIdeographic || ("\u{3041}"..."\u{30FF}").contains(self)
  }

  fileprivate var isPunctuation: Bool { Character(self).isPunctuation || self == "\u{30FC}" }
}
