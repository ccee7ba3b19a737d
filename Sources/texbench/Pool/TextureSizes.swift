/// Sizes of the textures of a user interface, in bytes: RGBA with pitches of whole 64-byte lines, in
/// whole pages.
///
/// | share | what | pixels |
/// |---|---|---|
/// | 30 % | icons | 16…96, square |
/// | 35 % | thumbnails | 96…256 wide, 3:2 |
/// | 10 % | glyph pages | 512 × 512, one byte each |
/// | 20 % | cards | 320…640 wide, 3:2 |
/// | 5 % | banners | 640…1024 wide, 3:1 |
struct TextureSizes {
  static let description =
    "30 % icons of 16…96, 35 % thumbnails of 96…256 x 2/3, 10 % glyph pages of 512 x 512 bytes,"
    + " 20 % cards of 320…640 x 2/3, 5 % banners of 640…1024 x 1/3"

  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  mutating func next() -> Int {
    switch Int.random(in: 0..<100, using: &random) {
    case ..<30: square(.random(in: 16...96, using: &random))
    case ..<65: wide(.random(in: 96...256, using: &random), height: 2, of: 3)
    case ..<75: Self.bytes(width: 512, height: 512, pixel: 1)
    case ..<95: wide(.random(in: 320...640, using: &random), height: 2, of: 3)
    default: wide(.random(in: 640...1024, using: &random), height: 1, of: 3)
    }
  }

  private func square(_ width: Int) -> Int { Self.bytes(width: width, height: width, pixel: 4) }

  private func wide(_ width: Int, height: Int, of parts: Int) -> Int {
    Self.bytes(width: width, height: width * height / parts, pixel: 4)
  }

  private static func bytes(width: Int, height: Int, pixel: Int) -> Int {
    let pitch = (width * pixel + 63) / 64 * 64
    return (pitch * height + 4095) / 4096 * 4096
  }
}
