import SystemPackage
import Foundation
import TexAllocText
import XCTest

/// The fonts of the machine that the tests draw.
enum TestFonts {
  private static let files = [
    "DejaVu Sans": "dejavu/DejaVuSans.ttf",
    "Inter": "inter-vf/Inter.var.ttf",
    "Noto Color Emoji": "noto/NotoColorEmoji.ttf",
    "Noto Sans Devanagari": "noto/NotoSansDevanagari-Regular.ttf",
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
    try FontFace(contentsOf: FilePath(path("DejaVu Sans")), in: FontLibrary())
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// The font with the flag `OVERLAP_SIMPLE` set on a glyph of one or more contours.
  /// https://learn.microsoft.com/typography/opentype/spec/glyf
  static func markingOverlap(of glyph: UInt32, in font: [UInt8]) throws -> [UInt8] {
    func number(_ offset: Int, bytes: Int) -> Int {
      font[offset..<offset + bytes].reduce(0) { $0 << 8 | Int($1) }
    }
    func table(_ tag: String) throws -> Int {
      let entries = (0..<number(4, bytes: 2)).map { 12 + 16 * $0 }
      let entry = try XCTUnwrap(entries.first { font[$0..<$0 + 4].elementsEqual(tag.utf8) })
      return number(entry + 8, bytes: 4)
    }
    let hasLongOffsets = number(try table("head") + 50, bytes: 2) == 1
    let place =
      hasLongOffsets
      ? number(try table("loca") + 4 * Int(glyph), bytes: 4)
      : number(try table("loca") + 2 * Int(glyph), bytes: 2) * 2
    let start = try table("glyf") + place
    let contours = number(start, bytes: 2)
    let instructions = start + 10 + 2 * contours
    var marked = font
    marked[instructions + 2 + number(instructions, bytes: 2)] |= 0x40
    return marked
  }

  /// The glyphs of the first characters that the face has.
  static func glyphs(of face: FontFace, count: Int) throws -> [UInt32] {
    let characters = (33...0xFFFF).lazy.compactMap(Unicode.Scalar.init)
    return Array(characters.compactMap(face.glyph(for:)).prefix(count))
  }
}
