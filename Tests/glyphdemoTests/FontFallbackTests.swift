import TexAllocText
import XCTest

@testable import glyphdemo

final class FontFallbackTests: XCTestCase {
  func testEveryScriptOfThePageHasAFace() throws {
    let fonts = try ParagraphTests.fonts()
    let text = "Latin Ελλάδα Кириллица العربية עברית हिन्दी 漢字 かな 한글 ไทย"
    let faces = try fonts.faces(for: text, as: FontRequest())
    XCTAssertEqual(faces.count, text.unicodeScalars.count)
    for (scalar, face) in zip(text.unicodeScalars, faces) {
      XCTAssertNotNil(face.glyph(for: scalar), "\(scalar) in \(face.name)")
    }
    XCTAssertEqual(fonts.notes, [])
  }

  func testALanguageChoosesItsShapesOfTheSameCharacter() throws {
    let fonts = try ParagraphTests.fonts()
    let glyphs = try ["ja", "zh-CN", "ko"].map { language in
      let face = try fonts.faces(for: "骨", as: FontRequest(language: language))[0]
      XCTAssertTrue(face.name.hasSuffix(".ttc"))
      return (face.index, face.glyph(for: "骨"))
    }
    XCTAssertEqual(Set(glyphs.map(\.0)).count, 3, "each is another face of the collection")
    XCTAssertNotEqual(glyphs[0].1, glyphs[1].1)
  }

  func testSpacesAndPunctuationStayWithTheFaceBeforeThem() throws {
    let fonts = try ParagraphTests.fonts()
    let faces = try fonts.faces(for: "हिन्दी। हिन्दी", as: FontRequest())
    XCTAssertTrue(faces.allSatisfy { $0 === faces[0] })
    XCTAssertNotEqual(faces[0].familyName, "DejaVu Sans")
  }

  func testWhatIsLackingIsNotedOnceWithAPackage() throws {
    let fonts = try ParagraphTests.fonts()
    for _ in 0..<2 { _ = try fonts.faces(for: "a\u{F8FF1}b", as: FontRequest()) }
    XCTAssertEqual(
      fonts.notes, ["UNASSIGNED: no font for U+f8ff1; try the package fonts-noto-core"])
    _ = try fonts.face(FontRequest(family: "No Such Family"))
    XCTAssertEqual(fonts.notes.count, 2)
    XCTAssertTrue(fonts.notes[0].hasPrefix("No Such Family is not installed: set in "))
  }
}
