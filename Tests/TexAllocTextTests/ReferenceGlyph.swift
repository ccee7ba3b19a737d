import CFreeType
import TexAlloc
import TexAllocAtlas
import XCTest

@testable import TexAllocText

/// A glyph as an image of its own.
struct ReferenceGlyph: Equatable {
  var left = 0
  var top = 0
  var width = 0
  var height = 0
  var pixels: [UInt8] = []

  /// As `FT_Render_Glyph` draws it.
  init(
    _ index: UInt32, of face: FontFace, pixelSize: Double, hinting: Hinting,
    quarters: Quarters = .zero
  ) throws {
    try face.select(face.size(pixels: pixelSize))
    let handle = unsafe face.handle
    // A pen that stands between pixels, as FreeType itself has it.
    var offset = FT_Vector(x: quarters.x * 16, y: quarters.y * -16)
    unsafe FT_Set_Transform(handle, nil, &offset)
    defer { unsafe FT_Set_Transform(handle, nil, nil) }
    let flags = hinting.loadFlags | Int32(FT_LOAD_RENDER) | Int32(FT_LOAD_NO_BITMAP)
    XCTAssertEqual(unsafe FT_Load_Glyph(handle, index, flags), 0)
    let slot = unsafe handle.pointee.glyph.pointee
    width = unsafe Int(slot.bitmap.width)
    height = unsafe Int(slot.bitmap.rows)
    guard width > 0, height > 0 else { return }
    left = unsafe Int(slot.bitmap_left)
    top = unsafe Int(slot.bitmap_top)
    for y in 0..<height {
      for x in 0..<width {
        pixels.append(unsafe slot.bitmap.buffer[y * Int(slot.bitmap.pitch) + x])
      }
    }
  }

  /// As it stands in the memory of its page.
  init(_ glyph: CachedGlyph, from cache: GlyphCache) {
    guard let cell = glyph.cell else { return }
    left = glyph.left
    top = glyph.top
    width = cell.rectangle.width
    height = cell.rectangle.height
    guard let buffer = cache.atlas.page(cell.page)?.buffer else {
      XCTFail("no page \(cell.page)")
      return
    }
    do {
      pixels = try buffer.withContents { span in
        cell.rectangle.rows.flatMap { y in
          cell.rectangle.columns.map { span[y * buffer.layout.planes[0].pitch + $0] }
        }
      }
    } catch {
      XCTFail("\(error)")
    }
  }
}
