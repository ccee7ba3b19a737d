internal import CStreaming

/// What becomes of pixels in ordinary memory while a row is written. Bytes are named in the order in
/// which they lie in memory.
public enum PixelConversion: Hashable, Sendable {
  /// One byte of coverage becomes that much of a colour, premultiplied: red, green, blue and alpha,
  /// each multiplied by the byte / 255 and rounded to the nearest. For ``Fourcc/abgr8888``.
  ///
  /// The colour is itself premultiplied: no channel exceeds its alpha.
  case a8ToRGBA(colour: SIMD4<UInt8>)
  /// Red, green and blue, and behind them 255. For ``Fourcc/xbgr8888`` and ``Fourcc/abgr8888``.
  case rgbToRGBX
  /// The upper 5, 6 and 5 bits of red, green and blue; the fourth byte is dropped. For
  /// ``Fourcc/rgb565``.
  case rgbxToRGB565
  /// One byte three times, and behind them 255. For ``Fourcc/xbgr8888`` and ``Fourcc/abgr8888``.
  case greyToRGBX
}

extension PixelConversion {
  /// Bytes that one pixel takes in ordinary memory.
  public var sourcePixelSize: Int {
    switch self {
    case .a8ToRGBA, .greyToRGBX: 1
    case .rgbToRGBX: 3
    case .rgbxToRGB565: 4
    }
  }

  /// Bytes that one pixel takes in the row.
  public var pixelSize: Int {
    switch self {
    case .a8ToRGBA, .rgbToRGBX, .greyToRGBX: 4
    case .rgbxToRGB565: 2
    }
  }
}

extension PlaneWriter {
  /// Converts the pixels of one row as they are written, and writes zeros behind them.
  ///
  /// - Parameters:
  ///   - pixels: As many as the row holds, `conversion.sourcePixelSize` bytes each.
  ///   - row: From 0 at the top.
  public mutating func write(
    _ pixels: Span<UInt8>, converting conversion: PixelConversion, row: Int
  ) {
    let count = pixelCount(of: conversion.pixelSize)
    precondition(
      pixels.count == count * conversion.sourcePixelSize,
      "\(pixels.count) bytes for \(count) pixels of \(conversion.sourcePixelSize)")
    unsafe pixels.withUnsafeBytes {
      let (to, from) = unsafe (address(ofRow: row), $0.baseAddress)
      switch conversion {
      case .a8ToRGBA(let colour):
        unsafe texalloc_stream_a8_to_rgba(
          to, from, count, pitch, colour.x, colour.y, colour.z, colour.w)
      case .rgbToRGBX: unsafe texalloc_stream_rgb_to_rgbx(to, from, count, pitch)
      case .rgbxToRGB565: unsafe texalloc_stream_rgbx_to_rgb565(to, from, count, pitch)
      case .greyToRGBX: unsafe texalloc_stream_grey_to_rgbx(to, from, count, pitch)
      }
    }
  }

  /// Interleaves two rows of chroma as they are written, and writes zeros behind them. For
  /// ``Fourcc/gr88`` and the second plane of ``Fourcc/nv12``.
  ///
  /// - Parameters:
  ///   - u: One byte for each pixel of the row: its first.
  ///   - v: One byte for each pixel of the row: its second.
  ///   - row: From 0 at the top.
  public mutating func write(u: Span<UInt8>, v: Span<UInt8>, row: Int) {
    let count = pixelCount(of: 2)
    precondition(
      u.count == count && v.count == count, "\(u.count) and \(v.count) bytes for \(count) pixels")
    unsafe u.withUnsafeBytes { u in
      unsafe v.withUnsafeBytes { v in
        unsafe texalloc_stream_uv_to_gr88(
          address(ofRow: row), u.baseAddress, v.baseAddress, count, pitch)
      }
    }
  }

  private func pixelCount(of size: Int) -> Int {
    precondition(rowSize.isMultiple(of: size), "a row of \(rowSize) bytes has no pixels of \(size)")
    return rowSize / size
  }
}
