import Foundation
import TexAllocText
import XCTest

/// The fonts of the machine that the tests draw.
enum TestFonts {
  private static let files = [
    "DejaVu Sans": "dejavu/DejaVuSans.ttf",
    "Noto Color Emoji": "noto/NotoColorEmoji.ttf",
    "Noto Sans": "noto/NotoSans-Regular.ttf",
  ]

  /// Skips the test where the font is not installed.
  static func path(_ name: String) throws -> String {
    let path = "/usr/share/fonts/truetype/" + (files[name] ?? name)
    guard FileManager.default.fileExists(atPath: path) else {
      throw XCTSkip("\(name) is not installed: \(path)")
    }
    return path
  }

  static func dejaVuSans() throws -> FontFace {
    try FontFace(contentsOf: path("DejaVu Sans"), in: FontLibrary())
  }

  /// The glyphs of the first characters that the face has.
  static func glyphs(of face: FontFace, count: Int) throws -> [UInt32] {
    let characters = (33...0xFFFF).lazy.compactMap(Unicode.Scalar.init)
    return Array(characters.compactMap(face.glyph(for:)).prefix(count))
  }
}
