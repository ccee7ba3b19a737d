internal import CPNG
internal import Glibc
package import SystemPackage

/// A picture on its way into a PNG file, by libpng.
package struct PNGFile {
  private let width, height: Int
  /// `R`, `G`, `B` bytes.
  private let pixels: [UInt8]

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
      // Not by name: libpng removes what it could not write, a device too.
      let wrote = unsafe png_image_write_to_stdio(
        &image, file, 0, pixels, png_int_32(width * 3), nil)
      let closed = unsafe fclose(file) == 0
      if wrote == 0 { return unsafe Self.message(of: image) }
      return closed ? nil : "\(Errno(rawValue: errno))"
    }
  }

  @unsafe private static func message(of image: png_image) -> String {
    unsafe withUnsafeBytes(of: image.message) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
