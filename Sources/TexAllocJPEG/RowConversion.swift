internal import CJPEG
internal import DecoderSupport
internal import TexAlloc

/// What becomes of the rows that libjpeg-turbo gives, in the cache, before they leave it for a plane.
struct RowConversion {
  /// How pixels of a format lie in memory.
  enum Target {
    case rgba, bgra, rgb565, grey

    /// nil for a format that is not written.
    init?(_ format: Format) {
      guard format.modifier == .linear else { return nil }
      switch format.fourcc {
      case .abgr8888, .xbgr8888: self = .rgba
      case .argb8888, .xrgb8888: self = .bgra
      case .rgb565: self = .rgb565
      case .r8: self = .grey
      default: return nil
      }
    }
  }

  let target: Target
  /// What the library is asked for.
  let order: texalloc_jpeg_order
  private let transform: ColourTransform?
  /// Whether CMYK is stored as what it leaves of the light.
  private let isInverted: Bool

  /// - Parameter transform: Of the colours of the file; nil where they stay as they are.
  init(of header: texalloc_jpeg_header, to target: Target, by transform: ColourTransform?) {
    self.target = target
    self.transform = transform
    isInverted = header.is_inverted
    order =
      if header.is_cmyk {
        .cmyk
      } else if header.is_grey || (target == .grey && transform == nil) {
        .grey
      } else if target == .bgra && transform == nil {
        .bgra
      } else {
        .rgba
      }
  }

  /// Whether the library can store the rows where they belong. It copies grey with memcpy, which
  /// stores the last line of a row twice, and makes colours of it byte by byte.
  var isStraight: Bool {
    switch (target, order) {
    case (.rgba, .rgba), (.bgra, .bgra): transform == nil
    default: false
    }
  }

  /// Bytes of a pixel that the library gives.
  var sourcePixelSize: Int { order == .grey ? 1 : 4 }

  /// Writes rows that lie in the cache, the first of them at the start.
  func write(_ rows: Range<Int>, from cache: inout CachedRows, to writer: inout PlaneWriter) {
    for (index, row) in rows.enumerated() {
      cache.withRow(index) { write(&$0, by: &$1, to: &writer, row: row) }
    }
  }

  /// Writes a row.
  ///
  /// - Parameters:
  ///   - source: As the library gave it; afterwards it is of no use.
  ///   - colours: Room for four bytes a pixel.
  private func write(
    _ source: inout MutableSpan<UInt8>, by colours: inout MutableSpan<UInt8>,
    to writer: inout PlaneWriter, row: Int
  ) {
    switch order {
    case .grey:
      if transform == nil, target == .grey { return writer.write(source.span, row: row) }
      if transform == nil, target != .rgb565 {
        return writer.write(source.span, converting: .greyToRGBX, row: row)
      }
      makeColours(ofGrey: source.span, &colours)
      write(colours: &colours, to: &writer, row: row)
    case .cmyk:
      if let transform { transform.convert(&source) } else { makeLight(&source) }
      for pixel in 0..<source.count / 4 { source[pixel * 4 + 3] = 255 }
      write(colours: &source, to: &writer, row: row)
    case .rgba:
      transform?.convert(&source)
      write(colours: &source, to: &writer, row: row)
    case .bgra:
      writer.write(source.span, row: row)
    }
  }

  /// Writes one colour, which is no colour of the file's but one of sRGB, to whole rows.
  ///
  /// - Parameters:
  ///   - colour: Red, green, blue and alpha.
  ///   - pixels: Room for a row of four bytes a pixel.
  func fill(
    _ rows: Range<Int>, with colour: SIMD4<UInt8>, by pixels: inout MutableSpan<UInt8>,
    to writer: inout PlaneWriter
  ) {
    for row in rows {
      for index in pixels.indices { pixels[index] = colour[index % 4] }
      write(colours: &pixels, to: &writer, row: row)
    }
  }

  /// - Parameter pixels: Red, green, blue and alpha; afterwards of no use.
  private func write(
    colours pixels: inout MutableSpan<UInt8>, to writer: inout PlaneWriter, row: Int
  ) {
    switch target {
    case .rgba: writer.write(pixels.span, row: row)
    case .bgra:
      for pixel in 0..<pixels.count / 4 { pixels.swapAt(pixel * 4, pixel * 4 + 2) }
      writer.write(pixels.span, row: row)
    case .rgb565: writer.write(pixels.span, converting: .rgbxToRGB565, row: row)
    case .grey:
      let count = pixels.count / 4
      for pixel in 0..<count { pixels[pixel] = brightness(of: pixel, in: pixels.span) }
      writer.write(pixels.span.extracting(first: count), row: row)
    }
  }

  private func makeColours(ofGrey grey: Span<UInt8>, _ colours: inout MutableSpan<UInt8>) {
    if let transform { return transform.convert(grey: grey, to: &colours) }
    for pixel in grey.indices {
      for channel in 0..<3 { colours[pixel * 4 + channel] = grey[pixel] }
      colours[pixel * 4 + 3] = 255
    }
  }

  /// Each colour of light is what its ink leaves of it, times what black leaves.
  private func makeLight(_ pixels: inout MutableSpan<UInt8>) {
    let ink: UInt8 = isInverted ? 0 : 255
    for start in stride(from: 0, to: pixels.count, by: 4) {
      let black = UInt32(pixels[start + 3] ^ ink)
      for index in start..<start + 3 {
        pixels[index] = UInt8(truncatingIfNeeded: (UInt32(pixels[index] ^ ink) * black + 127) / 255)
      }
    }
  }

  /// By ITU-R BT.601, as JPEG's own brightness.
  private func brightness(of pixel: Int, in pixels: Span<UInt8>) -> UInt8 {
    func part(_ channel: Int, _ weight: UInt32) -> UInt32 {
      UInt32(pixels[pixel * 4 + channel]) * weight
    }
    return UInt8((part(0, 19595) + part(1, 38470) + part(2, 7471) + 1 << 15) >> 16)
  }
}
