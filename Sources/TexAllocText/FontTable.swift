internal import Synchronization

/// The fonts of a cache, by what makes two of them one. Those that have no glyphs and that nobody else
/// holds go when there are twice as many as were left the last time.
struct FontTable {
  private var fonts: [SizedFont.Key: SizedFont] = [:]
  private let numbers = FontNumbers()
  /// Those that have glyphs, by their numbers.
  private var filled: [SizedFont?] = []
  private var limit = 64

  /// The font of a key, made where it is new.
  mutating func font(_ face: FontFace, _ key: SizedFont.Key, cache: UInt64) -> SizedFont {
    if let known = fonts[key] { return known }
    if fonts.count >= limit { prune() }
    let font = SizedFont(face, key, cache: cache, numbers)
    fonts[key] = font
    return font
  }

  private mutating func prune() {
    for key in Array(fonts.keys) where fonts[key]?.glyphCount == 0 {
      var font = fonts.removeValue(forKey: key)
      if !isKnownUniquelyReferenced(&font) { fonts[key] = font }
    }
    limit = max(64, fonts.count * 2)
  }

  /// Counts one glyph more of a font.
  @inline(__always)
  mutating func addGlyph(of font: SizedFont) {
    font.glyphCount += 1
    if font.glyphCount == 1 { keep(font) }
  }

  private mutating func keep(_ font: SizedFont) {
    let number = Int(font.number)
    while filled.count <= number { filled.append(nil) }
    filled[number] = font
  }

  /// Counts one glyph less of the font of a glyph's key.
  mutating func removeGlyph(_ key: UInt64) {
    let number = SizedFont.number(ofKey: key)
    guard let font = filled[number] else { preconditionFailure("a glyph of no font") }
    font.glyphCount -= 1
    if font.glyphCount == 0 { filled[number] = nil }
  }

  /// How many it knows.
  var count: Int { fonts.count }
}

/// Numbers of fonts, each of which is one font's at a time.
final class FontNumbers: Sendable {
  private struct State {
    var next: UInt64 = 0
    var unused: [UInt64] = []
  }

  private let state = Mutex(State())

  func take() -> UInt64 {
    state.withLock { state in
      if let number = state.unused.popLast() { return number }
      defer { state.next += 1 }
      return state.next
    }
  }

  func giveBack(_ number: UInt64) { state.withLock { $0.unused.append(number) } }
}
