internal import CPNG
internal import Glibc
package import SystemPackage

/// A picture on its way into a PNG file or out of one, by libpng.
package struct PNGFile {
  private let width, height: Int
  /// `R`, `G`, `B` bytes, rows from the top, unpadded.
  package let pixels: [UInt8]

  /// - Parameter pixels: `R`, `G`, `B`, `A` bytes, rows from the top, unpadded; the alpha is dropped.
  package init(width: Int, height: Int, rgba pixels: [UInt8]) {
    precondition(pixels.count == width * height * 4)
    self.width = width
    self.height = height
    var opaque: [UInt8] = []
    opaque.reserveCapacity(width * height * 3)
    for start in stride(from: 0, to: pixels.count, by: 4) {
      opaque.append(contentsOf: pixels[start..<start + 3])
    }
    self.pixels = opaque
  }

  /// Reads a file of eight bits.
  package init(contentsOf path: FilePath) throws(ProgramFailure) {
    var image = unsafe png_image()
    unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { unsafe png_image_free(&image) }
    guard unsafe png_image_begin_read_from_file(&image, path.string) != 0 else {
      throw unsafe ProgramFailure("\(path): \(Self.message(of: image))")
    }
    unsafe image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    let (width, height) = unsafe (Int(image.width), Int(image.height))
    var pixels = [UInt8](repeating: 0, count: width * height * 3)
    // The array has room for all rows, and there is no colour map.
    guard unsafe png_image_finish_read(&image, nil, &pixels, 0, nil) != 0 else {
      throw unsafe ProgramFailure("\(path): \(Self.message(of: image))")
    }
    (self.width, self.height, self.pixels) = (width, height, pixels)
  }

  /// By how many levels another picture differs where it differs most; nil where its size does.
  package func difference(from other: PNGFile) -> Int? {
    guard (width, height) == (other.width, other.height) else { return nil }
    return zip(pixels, other.pixels).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
  }

  /// Writes the file whole or not at all: a picture of that name stays until the new one is complete.
  package func write(to path: FilePath) throws(ProgramFailure) {
    try path.replacingWhole { unfinished in
      var image = unsafe png_image()
      unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
      unsafe image.width = png_uint_32(width)
      unsafe image.height = png_uint_32(height)
      unsafe image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
      defer { unsafe png_image_free(&image) }
      guard let file = unsafe fopen(unfinished.string, "wbe") else {
        return "\(Errno(rawValue: errno))"
      }
      errno = 0
      // Not by name: libpng removes what it could not write, a device too.
      let wrote = unsafe png_image_write_to_stdio(
        &image, file, 0, pixels, png_int_32(width * 3), nil)
      let reason = errno
      let closed = unsafe fclose(file) == 0
      if wrote != 0 { return closed ? nil : "\(Errno(rawValue: errno))" }
      return reason == 0 ? unsafe Self.message(of: image) : "\(Errno(rawValue: reason))"
    }
  }

  @unsafe private static func message(of image: png_image) -> String {
    unsafe withUnsafeBytes(of: image.message) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
