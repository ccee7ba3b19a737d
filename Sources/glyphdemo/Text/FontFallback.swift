internal import SystemPackage
internal import TexAllocText

/// Finds a face for every character: the one asked for where it has it, else another that does.
final class FontFallback {
  let library: FontLibrary
  private let configuration: FontConfiguration
  private var opened: [FontFile: FontFace] = [:]
  private var primaries: [FontRequest: FontFace] = [:]
  /// In the order in which they were found.
  private var fallbacks: [FontRequest: [FontFace]] = [:]
  private var missing: [String: MissingCharacters] = [:]
  private var substitutes: [String: String] = [:]

  init(library: FontLibrary) throws {
    self.library = library
    configuration = try FontConfiguration()
  }

  /// What was asked for and not found, one line each; to be shown to a person.
  var notes: [String] {
    substitutes.sorted { $0.key < $1.key }
      .map { "\($0.key) is not installed: set in \($0.value)" }
      + missing.values.map(\.description).sorted()
  }

  /// The face that comes nearest to a request.
  func face(_ request: FontRequest) throws -> FontFace {
    if let face = primaries[request] { return face }
    guard let file = configuration.match(request) else { throw FontconfigError.noFont(request) }
    if file.family != request.family { substitutes[request.family] = file.family }
    let face = try open(file)
    primaries[request] = face
    return face
  }

  /// A face for each Unicode scalar of a text. What a reader sees as one character has one face, and
  /// spaces, digits and punctuation stay with the face before them where it has them.
  func faces(for text: String, as request: FontRequest) throws -> [FontFace] {
    let primary = try face(request)
    var faces: [FontFace] = []
    var previous = primary
    for character in text {
      let scalars = character.unicodeScalars
      let favourites = character.isLetter ? [primary] : [previous, primary]
      previous = face(having: scalars, favourites: favourites, as: request) ?? primary
      faces += repeatElement(previous, count: scalars.count)
    }
    return faces
  }

  private func face(
    having scalars: String.UnicodeScalarView, favourites: [FontFace], as request: FontRequest
  ) -> FontFace? {
    let visible = scalars.filter { !$0.properties.isDefaultIgnorableCodePoint }
    var candidates: [FontFace] { favourites + fallbacks[request, default: []] }
    if let face = candidates.first(where: { $0.covers(visible) }) { return face }
    for scalar in visible where !isMissing(scalar) {
      guard let found = search(scalar, as: request) else {
        note(scalar)
        continue
      }
      if !candidates.contains(where: { $0 === found }) {
        fallbacks[request, default: []].append(found)
      }
      if found.covers(visible) { return found }
    }
    return candidates.first { $0.covers(visible.prefix(1)) }
  }

  private func isMissing(_ scalar: Unicode.Scalar) -> Bool {
    missing[MissingCharacters.script(of: scalar)]?.characters.contains(scalar) ?? false
  }

  private func note(_ scalar: Unicode.Scalar) {
    let script = MissingCharacters.script(of: scalar)
    missing[script, default: MissingCharacters(script: script, characters: [])]
      .characters.insert(scalar)
  }

  /// Another font that has the character.
  private func search(_ scalar: Unicode.Scalar, as request: FontRequest) -> FontFace? {
    guard let file = configuration.match(request, having: scalar),
      let face = try? open(file), face.covers([scalar])
    else { return nil }
    return face
  }

  private func open(_ file: FontFile) throws(FontError) -> FontFace {
    if let face = opened[file] { return face }
    let face = try FontFace(contentsOf: FilePath(file.path), index: file.index, in: library)
    opened[file] = face
    return face
  }
}

extension FontFace {
  fileprivate func covers(_ scalars: some Sequence<Unicode.Scalar>) -> Bool {
    scalars.allSatisfy { glyph(for: $0) != nil }
  }
}

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
