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
