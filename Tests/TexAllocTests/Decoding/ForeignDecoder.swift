import Glibc
import SystemPackage
import TexAlloc

/// A decoder as somebody else writes it, with nothing but what is public: of a kind of file that has
/// a letter, two bytes for its sides, and then a byte of grey for each pixel.
struct ForeignDecoder: ImageDecoder {
  let attributes = BufferAttributes.rowWriter("foreign", of: [.r8, .xbgr8888])
  let signatureSize = 1

  func recognizes(_ start: Span<UInt8>) -> Bool {
    start.count == 1 && start[0] == UInt8(ascii: "F")
  }

  func open(
    _ source: ImageSource, _ options: DecodingOptions
  ) throws(ImageDecodingError) -> any EncodedImage {
    var bytes = [UInt8](repeating: 0, count: 3)
    var span = bytes.mutableSpan
    guard try source.read(into: &span, at: 0) == 3 else {
      throw ImageDecodingError(source.name, .truncated(.header))
    }
    let descriptor = ImageDescriptor(
      width: Int(bytes[1]), height: Int(bytes[2]), writtenBy: attributes, alpha: .opaque)
    return ForeignImage(
      header: ImageHeader(name: source.name, descriptor, orientation: .turnedRight),
      source: source)
  }
}

private struct ForeignImage: EncodedImage {
  let header: ImageHeader
  let source: ImageSource

  func decode(
    into buffer: TextureBuffer, on workers: any Workers, goOn: @Sendable (Double) -> Bool
  ) throws(ImageDecodingError) -> DecodingReport {
    try header.check(buffer)
    let size = header.descriptor.size
    var pixels = [UInt8](repeating: 0, count: size.width)
    var writer = buffer.writer()
    for row in 0..<size.height {
      var span = pixels.mutableSpan
      guard try source.read(into: &span, at: 3 + row * size.width) == size.width else {
        throw ImageDecodingError(header.name, .truncated(.row(row)))
      }
      if buffer.layout.format.fourcc == .r8 {
        writer.write(pixels.span, row: row)
      } else {
        writer.write(pixels.span, converting: .greyToRGBX, row: row)
      }
      guard goOn(Double(row + 1) / Double(size.height)) else {
        throw ImageDecodingError(header.name, .cancelled)
      }
    }
    return DecodingReport(goodRows: 0..<size.height)
  }
}
