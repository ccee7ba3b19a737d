internal import DecoderSupport
public import TexAlloc

/// [libpng]: what it asks of the memory that its pixels go to.
///
/// Rows leave it by way of the cache, where they become premultiplied and, if that is asked for, sRGB. Of
/// interlaced files the whole image lies in the cache first, since each pass reads what the one before
/// wrote. All kinds of pixels become eight bits a channel: 16 are rounded, palettes and grey are spread.
///
/// Any thread may use it; it keeps nothing of a file.
///
/// [libpng]: http://www.libpng.org/pub/png/libpng.html
public final class PNGDecoder: ImageDecoder {
  /// The one that is used where no other is named, with the limits that are usual.
  public static let component = PNGDecoder()

  /// What a file without transparency can be decoded to; most wanted first. Alpha is 255.
  public static let formats: [Fourcc] = [.abgr8888, .xbgr8888, .argb8888, .xrgb8888]
  /// What a file with transparency can be decoded to; most wanted first. Colours are premultiplied.
  public static let alphaFormats: [Fourcc] = [.abgr8888, .argb8888]

  public let limits: PNGLimits
  let transforms = ColourTransforms()

  public init(limits: PNGLimits = PNGLimits()) {
    self.limits = limits
  }

  public let attributes = BufferAttributes.rowWriter("png", of: PNGDecoder.formats)

  public var signatureSize: Int { FileSignature.size }

  public func recognizes(_ start: Span<UInt8>) -> Bool { FileSignature.png.begins(start) }

  public func open(
    _ source: ImageSource, _ options: DecodingOptions
  ) throws(ImageDecodingError) -> any EncodedImage {
    try PNGImage(source, options, by: self)
  }
}
