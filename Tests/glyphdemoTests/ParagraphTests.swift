import TestSupport
import TexAllocText
import XCTest

@testable import glyphdemo

final class ParagraphTests: XCTestCase {
  func testLatinIsKernedAndLigated() throws {
    let together = try shaped("AV")
    let apart = try shaped("A") + shaped("V")
    XCTAssertEqual(together.map(\.index), apart.map(\.index))
    XCTAssertLessThan(width(together), width(apart) - 0.5)
    XCTAssertEqual(try shaped("office").map(\.cluster), [0, 1, 4, 5], "ffi is one glyph")
  }

  func testArabicLettersJoinAndRunFromTheRight() throws {
    let word = try shaped("سسس")
    XCTAssertEqual(word.map(\.cluster), [2, 1, 0])
    let isolated = try shaped("س")[0].index
    XCTAssertEqual(Set(word.map(\.index) + [isolated]).count, 4, "initial, medial, final, isolated")
  }

  func testLatinAndNumbersKeepTheirOrderInsideHebrew() throws {
    // In memory: two Hebrew letters, a Latin word, a number, a Hebrew letter.
    let glyphs = try shaped("אב xy 12 ג")
    XCTAssertEqual(glyphs.map(\.cluster), [9, 8, 3, 4, 5, 6, 7, 2, 1, 0])
  }

  func testABracketInsideRightToLeftTextIsMirrored() throws {
    let opening = try shaped("(")[0].index
    let closing = try shaped(")")[0].index
    XCTAssertNotEqual(opening, closing)
    XCTAssertEqual(try shaped("א(ב").first { $0.cluster == 1 }?.index, closing)
  }

  func testDevanagariConsonantsFormConjuncts() throws {
    let conjunct = try shaped("क्ष")
    XCTAssertEqual(conjunct.count, 1)
    // The vowel sign i is spoken after its consonant and written before it.
    let syllable = try shaped("कि")
    XCTAssertEqual(syllable.last?.index, try shaped("क")[0].index)
  }

  func testDirectionIsThatOfTheFirstLetter() throws {
    let directions: [(String, TextDirection?)] = [
      ("abc אבג", .leftToRight), ("אבג abc", .rightToLeft), ("12, (א", .rightToLeft), ("12", nil),
      ("", nil),
    ]
    for (text, direction) in directions {
      XCTAssertEqual(TextDirection(of: text.unicodeScalars), direction, text)
    }
  }

  func testLinesFitAndLoseNothingButSpaces() throws {
    let texts = [
      "The quick brown fox jumps over the lazy dog, well-known, and a verylongwordthatfitsnowhere.",
      "نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر ومغلف بجلد أزرق",
      "色は匂へど散りぬるを、我が世誰ぞ常ならむ。有為の奥山今日越えて、浅き夢見じ酔ひもせず。",
      "क्षत्रिय ज्ञान श्री विद्या हिन्दी ऋषियों को सताने वाले दुष्ट राक्षसों के राजा",
      "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
    ]
    for text in texts {
      let paragraph = try Paragraph(text, style: TextStyle(), fonts: ParagraphTests.fonts())
      for width in [40.0, 90, 200, 10_000] {
        let lines = try paragraph.lines(width: width)
        if width == 10_000 { XCTAssertEqual(lines, [0..<text.unicodeScalars.count]) }
        var end = 0
        for line in lines {
          XCTAssertFalse(line.isEmpty)
          XCTAssertTrue(paragraph.characters[end..<line.lowerBound].allSatisfy { $0 == " " })
          XCTAssertTrue(paragraph.beginsGrapheme[line.lowerBound], text)
          XCTAssertLessThan(self.width(try paragraph.shape(line)), width + 1, text)
          end = line.upperBound
        }
        XCTAssertEqual(end, paragraph.characters.count)
      }
    }
  }

  func testAWordIsBrokenOnlyWhereItIsWiderThanALine() throws {
    let text = "aaaa aaaa aaaa"
    let paragraph = try Paragraph(text, style: TextStyle(), fonts: ParagraphTests.fonts())
    let width = width(try paragraph.shape(0..<9))
    XCTAssertEqual(try paragraph.lines(width: width + 1), [0..<9, 10..<14])
    XCTAssertEqual(try paragraph.lines(width: width - 1), [0..<4, 5..<9, 10..<14])
    XCTAssertGreaterThan(try paragraph.lines(width: 1).count, 11)
  }

  func testEveryTextIsShaped() throws {
    var random = SplitMix64(seed: 5)
    let fonts = try ParagraphTests.fonts()
    let blocks: [ClosedRange<UInt32>] = [
      0...0x24F, 0x300...0x36F, 0x590...0x6FF, 0x900...0x97F,
      0x200B...0x206F, 0xFE00...0xFE0F,
    ]
    for _ in 0..<300 {
      let scalars = (0..<Int.random(in: 0...20, using: &random)).compactMap { _ in
        blocks.randomElement(using: &random).flatMap {
          Unicode.Scalar(UInt32.random(in: $0, using: &random))
        }
      }
      let text = String(String.UnicodeScalarView(scalars))
      let paragraph = try Paragraph(text, style: TextStyle(), fonts: fonts)
      XCTAssertEqual(paragraph.faces.count, paragraph.characters.count)
      for line in try paragraph.lines(width: 60) {
        for glyph in try paragraph.shape(line) { XCTAssertTrue(line.contains(glyph.cluster)) }
      }
    }
  }

  /// Skips where fontconfig knows no fonts.
  static func fonts() throws -> FontFallback {
    let fonts = try FontFallback(library: FontLibrary())
    for family in ["DejaVu Sans", "Noto Sans Devanagari", "Noto Sans CJK JP"] {
      _ = try fonts.face(FontRequest(family: family))
    }
    if !fonts.notes.isEmpty { throw XCTSkip(fonts.notes.joined(separator: "; ")) }
    return fonts
  }

  private func shaped(_ text: String) throws -> [ShapedGlyph] {
    let paragraph = try Paragraph(text, style: TextStyle(), fonts: ParagraphTests.fonts())
    return try paragraph.shape(paragraph.characters.indices)
  }

  private func width(_ glyphs: [ShapedGlyph]) -> Double { glyphs.reduce(0) { $0 + $1.advance } }
}
