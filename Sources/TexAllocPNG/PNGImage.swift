internal import CPNGReader
internal import DecoderSupport
public import TexAlloc

/// A PNG file whose header was read.
///
/// ```swift
/// let picture = try PNGImage(ImageSource("icon.png"))
/// let buffer = try pool.allocate(picture.header.descriptor)
/// try picture.decode(into: buffer)
/// ```
///
/// The value never changes: several threads may decode it at once, each into a buffer of its own. A file
/// is read whole each time, unless its bytes are in memory already.
public struct PNGImage: EncodedImage {
  public let header: ImageHeader
  /// Whether it comes in seven passes over the whole image.
  public let isInterlaced: Bool
  /// What was wrong with the header that costs no pixel.
  public let warnings: [String]

  let source: ImageSource
  let decoder: PNGDecoder
  /// Which pixels are kept, as they are stored.
  let part: ImageRegion
  let coding: texalloc_png_header
  /// What makes the colours sRGB; nil where they stay as they are.
  let transform: ColourTransform?
  /// What rows are filled with that are not good; nil where such a file is an error.
  let fill: SIMD4<UInt8>?

  /// Reads the header of a file.
  public init(
    _ source: ImageSource, _ options: DecodingOptions = DecodingOptions(),
    by decoder: PNGDecoder = .component
  ) throws(ImageDecodingError) {
    try FileSignature.png.check(source)
    guard options.content == .picture else {
      throw ImageDecodingError(source.name, .noThumbnail("a PNG has none"))
    }
    let found = try source.withPNG(within: decoder.limits) {
      file throws(ImageDecodingError) in FoundHeader(file)
    }
    let coding = found.coding
    try decoder.limits.check(coding, of: source.name)
    var warnings = found.warnings
    var profile = found.profile
    var transform: ColourTransform?
    if options.appliesProfile, let bytes = profile {
      // A profile of grey is for one byte a pixel, and libpng has made three of it.
      transform = coding.is_grey ? nil : decoder.transforms.transform(from: bytes, of: .rgb)
      if transform == nil {
        warnings.append("colour profile ignored: it cannot be applied to these colours")
      } else {
        profile = nil
      }
    }
    self.coding = coding
    self.source = source
    self.decoder = decoder
    self.transform = transform
    if options.prefersPlanes { warnings.append("decoded to colours: a PNG has no luma and chroma") }
    self.warnings = warnings
    isInterlaced = coding.is_interlaced
    fill = if case .salvage(let fill) = options.damage { fill } else { nil }
    let formats = coding.has_alpha ? PNGDecoder.alphaFormats : PNGDecoder.formats
    let stored = ImageSize(width: Int(coding.width), height: Int(coding.height))
    let wholeSize = found.orientation.upright(stored)
    part = found.orientation.stored(
      try options.part(of: wholeSize, named: source.name), of: stored)
    header = ImageHeader(
      name: source.name,
      ImageDescriptor(
        width: part.width, height: part.height,
        writtenBy: BufferAttributes.rowWriter("png", of: formats),
        alpha: coding.has_alpha ? .premultiplied : .opaque),
      orientation: found.orientation, profile: profile, wholeSize: wholeSize)
  }
}

/// What stands before the pixels.
private struct FoundHeader {
  let coding: texalloc_png_header
  let profile: [UInt8]?
  var orientation = Orientation.upright
  var warnings: [String]

  init(_ file: borrowing OpenPNG) {
    coding = file.header
    profile = file.profile
    warnings = file.message.isEmpty ? [] : [file.message]
    do throws(EXIF.Malformed) {
      if let exif = file.exif { orientation = try EXIF.orientation(in: exif.span) }
    } catch {
      warnings.append("EXIF ignored: \(error.message)")
    }
  }
}

extension ImageSource {
  /// Opens the file for the time of the body.
  func withPNG<Result>(
    within limits: PNGLimits,
    _ body: (borrowing OpenPNG) throws(ImageDecodingError) -> Result
  ) throws(ImageDecodingError) -> Result {
    let inMemory = try withBytesInMemory { bytes throws(ImageDecodingError) in
      try body(OpenPNG(bytes, named: name, limits))
    }
    if let inMemory { return inMemory }
    guard size <= limits.fileBytes else {
      throw ImageDecodingError(
        name, .tooMuch("bytes of the file", found: size, limit: limits.fileBytes))
    }
    var bytes = [UInt8](repeating: 0, count: size)
    var room = bytes.mutableSpan
    let count = try read(into: &room, at: 0)
    return try body(OpenPNG(bytes.span.extracting(first: count), named: name, limits))
  }
}

extension PNGLimits {
  /// Looks at what a header claims.
  fileprivate func check(
    _ header: texalloc_png_header, of name: String
  ) throws(ImageDecodingError) {
    let (width, height) = (Int(header.width), Int(header.height))
    // Both are below 2^31, and so four bytes of each pixel still fit.
    let claims = [
      ("width", width, self.width), ("height", height, self.height),
      ("pixels", width * height, pixels),
      (
        "bytes of an interlaced image",
        header.is_interlaced ? Int(clamping: UInt64(width * height) * 4) : 0, interlacedBytes
      ),
    ]
    for (claim, found, limit) in claims where found > limit {
      throw ImageDecodingError(name, .tooMuch(claim, found: found, limit: limit))
    }
  }
}
