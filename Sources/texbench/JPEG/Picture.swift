internal import FoundationEssentials
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocJPEG

/// A JPEG file that routes decode.
struct Picture {
  let name: String
  let bytes: [UInt8]
  let width, height: Int
  /// Whether it is such as most photographs are.
  let isTypical: Bool

  /// One that the program makes itself.
  init(
    _ content: PictureContent, _ size: ImageSize, named sizeName: String, _ coding: PictureCoding
  )
    throws
  {
    name = "\(sizeName) \(content.rawValue), \(coding.rawValue)"
    (width, height) = (size.width, size.height)
    isTypical = content == .photo && coding == .halved
    bytes = try coding.encode(
      content.pixels(width: width, height: height), width: width, height: height)
  }

  init(contentsOf path: String) throws {
    let data = try Data(contentsOf: URL(filePath: path))
    bytes = Array(data)
    name = URL(filePath: path).lastPathComponent
    let image = try JPEGImage(bytes, named: path)
    (width, height) = (image.descriptor.width, image.descriptor.height)
    isTypical = true
  }

  /// Bytes of a row of four bytes a pixel, in whole lines.
  var pitch: Int { (width * 4 + 63) / 64 * 64 }
  /// Bytes of all rows.
  var size: Int { pitch * height }
}
