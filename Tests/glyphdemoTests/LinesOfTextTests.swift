import CFreeType
import SystemPackage
import TexAlloc
import TexAllocAtlas
import TexAllocText
import XCTest

@testable import glyphdemo

/// Lines of many scripts as a toolkit has them drawn, beside the same glyphs drawn by FreeType alone.
final class LinesOfTextTests: XCTestCase {
  private let lines = [
    ("en", "Affine waffles, AVATAR: fjord"), ("el", "Το φως γράφει την εικόνα"),
    ("ru", "Свет рисует картину один раз"), ("ar", "الضوء يرسم الصورة (٢٠٢٦) مرة"),
    ("he", "האור מצייר את התמונה 12 פעם"), ("hi", "प्रकाश चित्र को एक बार लिखता है: क्षितिज"),
    ("th", "ตัวอักษรแต่ละตัวถูกวาดเพียงครั้งเดียว"), ("ja", "光は絵を一度だけ描く"),
    ("zh", "光穿过笔画之间的空隙"), ("ko", "글자는 한 번만 그려진다"),
    ("vi", "Mỗi chữ cái chỉ được vẽ một lần"),
  ]

  func testEveryScriptIsCoveredAsByFreeTypeAloneAtTheSamePlaces() throws {
    let fonts = try ParagraphTests.fonts()
    for (language, text) in lines {
      for (size, hinting) in [(13.25, Hinting.light), (21, .none)] {
        let style = TextStyle(font: FontRequest(language: language), pixelSize: size)
        let layout = try TextLayout(text, style: style, width: 600, fonts: fonts)
        let cache = GlyphCache(in: try TexturePool(for: []), hinting: hinting)
        var (ours, theirs) = (Picture(), Picture())
        var list = GlyphDrawList()
        for glyph in layout.glyphs {
          let pen = PenPosition(x: glyph.x + 20, y: glyph.baseline + 20)
          let font = try cache.font(glyph.face, pixelSize: glyph.pixelSize)
          try list.add(glyph.index, of: font, at: pen, from: cache)
          try theirs.draw(glyph, at: pen, hinting)
        }
        try cache.flush()
        let pages = try cache.pages.map { page in
          try page.buffer.withContents { span in span.indices.map { span[$0] } }
        }
        for quad in list.quads { ours.draw(quad, from: pages[quad.page]) }
        XCTAssertEqual(ours, theirs, "\(language), \(size), \(hinting)")
        XCTAssertGreaterThan(ours.ink, Int(size * size) * text.count / 20, language)
      }
    }
  }

  /// Coverage by coverage, as light goes through it.
  private struct Picture: Equatable {
    private static let (width, height) = (680, 200)
    private var pixels = [Int](repeating: 0, count: width * height)

    var ink: Int { pixels.count { $0 > 128 } }

    private mutating func add(_ coverage: UInt8, _ x: Int, _ y: Int) {
      guard 0..<Self.width ~= x, 0..<Self.height ~= y else { return }
      let under = pixels[y * Self.width + x]
      pixels[y * Self.width + x] = under + (255 - under) * Int(coverage) / 255
    }

    /// - Parameter page: Its bytes, 1024 a row.
    mutating func draw(_ quad: GlyphQuad, from page: [UInt8]) {
      for y in 0..<quad.texels.height {
        for x in 0..<quad.texels.width {
          add(
            page[(quad.texels.y + y) * 1024 + quad.texels.x + x], quad.x + x, quad.y + y)
        }
      }
    }

    /// By FreeType's own transform, and its own bitmap.
    mutating func draw(
      _ glyph: PlacedGlyph, at pen: PenPosition, _ hinting: Hinting
    ) throws {
      try glyph.face.select(glyph.face.size(pixels: glyph.pixelSize))
      let handle = unsafe glyph.face.handle
      var offset = FT_Vector(x: pen.quarters.x * 16, y: 0)
      unsafe FT_Set_Transform(handle, nil, &offset)
      defer { unsafe FT_Set_Transform(handle, nil, nil) }
      let flags = hinting.loadFlags | Int32(FT_LOAD_RENDER) | Int32(FT_LOAD_NO_BITMAP)
      XCTAssertEqual(unsafe FT_Load_Glyph(handle, glyph.index, flags), 0)
      let slot = unsafe handle.pointee.glyph.pointee
      let (width, height) = unsafe (Int(slot.bitmap.width), Int(slot.bitmap.rows))
      for y in 0..<height {
        for x in 0..<width {
          unsafe add(
            slot.bitmap.buffer[y * Int(slot.bitmap.pitch) + x], pen.x + Int(slot.bitmap_left) + x,
            pen.y - Int(slot.bitmap_top) + y)
        }
      }
    }
  }
}
