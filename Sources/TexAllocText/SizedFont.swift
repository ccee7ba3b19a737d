/// A face at one size, drawn in one way, as a ``GlyphCache`` knows it: what a run of text is set in.
///
/// Asking for it looks the face up; after that, a glyph of it costs no more than its number.
public final class SizedFont {
  public let face: FontFace
  /// Pixels of the em square, a multiple of 1/64.
  public var pixelSize: Double { size.pixels }
  public let mode: GlyphMode
  let size: GlyphSize
  /// The cache that it is of, and its number there: the upper bits of its glyphs' keys.
  let cache: UInt64
  let number: UInt64
  /// How many of its glyphs the cache has.
  var glyphCount = 0

  private let numbers: FontNumbers

  init(_ face: FontFace, _ key: Key, cache: UInt64, _ numbers: FontNumbers) {
    self.face = face
    size = key.size
    mode = key.mode
    self.cache = cache
    self.numbers = numbers
    number = numbers.take()
    precondition(number < 1 << (64 - Self.numberShift))
  }

  deinit { numbers.giveBack(number) }

  /// What makes two fonts one.
  struct Key: Hashable {
    let source: FontSource
    let size: GlyphSize
    let mode: GlyphMode
  }

  /// What a glyph of it is known by for as long as the font lives.
  func key(of glyph: UInt32, _ quarters: Quarters) -> UInt64 {
    number << Self.numberShift | UInt64(quarters.index) << 32 | UInt64(glyph)
  }

  static func number(ofKey key: UInt64) -> Int { Int(key >> numberShift) }

  private static let numberShift: UInt64 = 36
}

/// How glyphs are drawn, beside their size.
public struct GlyphMode: Hashable, Sendable {
  public var hinting: Hinting
  /// Pixels that strokes are made wider and higher, for a bold face that there is not: steps of 1/64.
  public var embolden: Double
  /// Pixels that a pixel of height leans to the right, for an italic face that there is not: 0.2 or so.
  public var slant: Double

  public init(hinting: Hinting = .light, embolden: Double = 0, slant: Double = 0) {
    self.hinting = hinting
    self.embolden = embolden
    self.slant = slant
  }

  var isPlain: Bool { embolden == 0 && slant == 0 }
}

/// Whether outlines are bent to the pixel grid before they are filled.
public enum Hinting: Hashable, Sendable {
  /// The outline as it was drawn.
  case none
  /// Moved up and down only, so that horizontal strokes are sharp and no width changes. At half the
  /// speed of none.
  case light
}

/// How far a pen stands from a whole pixel, in quarters: 0 to 3 to the right, and downward.
public struct Quarters: Hashable, Sendable {
  /// Their number below 16.
  let index: UInt8

  /// On a whole pixel.
  public static let zero = Quarters(x: 0, y: 0)

  /// - Parameter y: For text that is rotated; otherwise letters are sharper on whole pixels.
  public init(x: Int, y: Int = 0) {
    precondition(0...3 ~= x && 0...3 ~= y, "\(x) and \(y) are not quarters of a pixel")
    index = UInt8(y << 2 | x)
  }

  public var x: Int { Int(index & 3) }
  public var y: Int { Int(index >> 2) }
}

/// Where a pen stands: on a pixel, and quarters beyond it. y grows downward, to the baseline.
public struct PenPosition: Hashable, Sendable {
  public let x, y: Int
  public let quarters: Quarters

  /// The nearest quarter of a pixel across, and the nearest whole pixel down.
  public init(x: Double, y: Double) {
    let across = Int((x * 4).rounded())
    self.x = across >> 2
    self.y = Int(y.rounded())
    quarters = Quarters(x: across & 3)
  }

  /// The nearest quarters of a pixel both ways: for text that is rotated or glides.
  public init(bothWaysX x: Double, y: Double) {
    let (across, down) = (Int((x * 4).rounded()), Int((y * 4).rounded()))
    (self.x, self.y) = (across >> 2, down >> 2)
    quarters = Quarters(x: across & 3, y: down & 3)
  }
}

/// How large a font is made: pixels of its em square, in steps of 1/64 as FreeType counts.
package struct GlyphSize: Hashable, Sendable {
  package let sixtyFourths: Int

  package var pixels: Double { Double(sixtyFourths) / 64 }
}

extension FontFace {
  /// The step nearest to a size in pixels.
  ///
  /// - Throws: `FontError.unsupportedSize` for what is no number from 1 to 16,384.
  package func size(pixels: Double) throws(FontError) -> GlyphSize {
    guard pixels >= 1, pixels <= 16_384 else {
      throw .unsupportedSize(font: name, pixelSize: pixels)
    }
    return GlyphSize(sixtyFourths: Int((pixels * 64).rounded()))
  }
}
