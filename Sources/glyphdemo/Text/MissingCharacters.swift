/// Characters of one script for which no font was found, and what would help.
struct MissingCharacters: Hashable {
  /// As Unicode names its characters: `DEVANAGARI`, `CJK`.
  let script: String
  var characters: Set<Unicode.Scalar>

  /// The Debian package that has a font for the script.
  var package: String {
    switch script {
    case "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC", "FULLWIDTH": "fonts-noto-cjk"
    case "EGYPTIAN", "CUNEIFORM", "ANATOLIAN", "TANGUT": "fonts-noto-extra"
    default: "fonts-noto-core"
    }
  }

  /// The first word of a character's name; most begin with their script.
  static func script(of character: Unicode.Scalar) -> String {
    let name = character.properties.name ?? "UNASSIGNED"
    return String(name.prefix { $0 != " " && $0 != "-" })
  }
}

extension MissingCharacters: CustomStringConvertible {
  var description: String {
    let shown = characters.sorted().prefix(5).map { "U+" + String($0.value, radix: 16) }
    let more = characters.count > 5 ? " and \(characters.count - 5) more" : ""
    return "\(script): no font for \(shown.joined(separator: ", "))\(more);"
      + " try the package \(package)"
  }
}
