import CPNG

/// A picture of changing colours, coded by libpng in any of its ways.
struct PNGSample {
  let width: Int
  let height: Int
  let kind: CInt
  var depth = 8
  var isInterlaced = false
  /// Bytes of a row as libpng is given them.
  var channels: Int {
    switch kind {
    case PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_PALETTE: 1
    case PNG_COLOR_TYPE_GRAY_ALPHA: 2
    case PNG_COLOR_TYPE_RGB: 3
    default: 4
    }
  }

  func sample(_ x: Int, _ y: Int, _ channel: Int) -> UInt8 {
    if kind == PNG_COLOR_TYPE_PALETTE { return UInt8((x + y) % 8) }
    // What no filter foretells.
    var value = UInt64(x * 7919 + y * 104_729 + channel * 61)
    for _ in 0..<2 { value = (value ^ (value >> 7)) &* 0x9E37_79B9_7F4A_7C15 }
    return UInt8(truncatingIfNeeded: value >> 32)
  }

  /// Red, green, blue, alpha of the palette.
  static func palette(_ index: Int) -> [UInt8] {
    [UInt8(index * 30), UInt8(255 - index * 20), UInt8(index * 9), index == 3 ? 100 : 255]
  }

  /// What a decoder gives: premultiplied, red first.
  var pixels: [UInt8] {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        let colour: [UInt8]
        switch kind {
        case PNG_COLOR_TYPE_GRAY:
          colour = [UInt8](repeating: sample(x, y, 0), count: 3) + [255]
        case PNG_COLOR_TYPE_GRAY_ALPHA:
          colour = [UInt8](repeating: sample(x, y, 0), count: 3) + [sample(x, y, 1)]
        case PNG_COLOR_TYPE_PALETTE: colour = Self.palette(Int(sample(x, y, 0)))
        case PNG_COLOR_TYPE_RGB: colour = (0..<3).map { sample(x, y, $0) } + [255]
        default: colour = (0..<4).map { sample(x, y, $0) }
        }
        let alpha = Int(colour[3])
        pixels += colour[..<3].map { UInt8((Int($0) * alpha + 127) / 255) } + [colour[3]]
      }
    }
    return pixels
  }

  /// The file.
  func encoded() -> [UInt8] {
    final class Output { var bytes: [UInt8] = [] }
    let output = Output()
    guard let png = unsafe png_create_write_struct(PNG_LIBPNG_VER_STRING, nil, nil, nil),
      var info = unsafe Optional(png_create_info_struct(png))
    else { return [] }
    var writer: png_structp? = unsafe png
    unsafe png_set_write_fn(
      png, Unmanaged.passUnretained(output).toOpaque(),
      { png, bytes, count in
        let output = unsafe Unmanaged<Output>.fromOpaque(png_get_io_ptr(png)).takeUnretainedValue()
        unsafe output.bytes.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
      }, nil)
    unsafe png_set_IHDR(
      png, info, UInt32(width), UInt32(height), CInt(depth), kind,
      isInterlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
      PNG_FILTER_TYPE_DEFAULT)
    if kind == PNG_COLOR_TYPE_PALETTE {
      let palette = (0..<8).map { index in
        let colour = Self.palette(index)
        return png_color(red: colour[0], green: colour[1], blue: colour[2])
      }
      unsafe png_set_PLTE(png, info, palette, 8)
      unsafe png_set_tRNS(png, info, (0..<8).map { Self.palette($0)[3] }, 8, nil)
    }
    unsafe png_write_info(png, info)
    for _ in 0..<(unsafe png_set_interlace_handling(png)) {
      for y in 0..<height {
        var row: [UInt8] = []
        for x in 0..<width {
          for channel in 0..<channels {
            let value = sample(x, y, channel)
            row += depth == 16 ? [value, value] : [value]
          }
        }
        unsafe png_write_row(png, row)
      }
    }
    unsafe png_write_end(png, nil)
    unsafe png_destroy_write_struct(&writer, &info)
    return output.bytes
  }
}
