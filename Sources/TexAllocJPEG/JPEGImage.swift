internal import CJPEG
internal import DecoderSupport
internal import Synchronization
public import SystemPackage
public import TexAlloc

/// A JPEG file whose header was read.
///
/// ```swift
/// let photo = try JPEGImage(contentsOf: path)
/// let buffer = try pool.allocate(photo.descriptor)
/// try photo.decode(into: buffer)
/// ```
///
/// The value never changes: several threads may decode it at once, each into a buffer of its own. A
/// file stays open as long as it lives.
public struct JPEGImage: EncodedImage {
  public let header: ImageHeader
  /// Whether the file holds brightness only.
  public let isGrey: Bool
  /// Whether it holds colours for print: cyan, magenta, yellow and black.
  public let isCMYK: Bool
  /// Whether the first row is known only when the whole file is read: progressive files foremost.
  public let hasSeveralScans: Bool
  /// What was wrong with the header that costs no pixel.
  public let warnings: [String]

  let id: ID
  let source: ImageSource
  let decoder: JPEGDecoder
  /// What the library read of the header.
  let coding: texalloc_jpeg_header
  /// What is decoded of it.
  let part: DecodedPart
  /// As which planes it can be had.
  let planar: PlanarCoding
  /// What makes the colours sRGB; nil where they stay as they are.
  let transform: ColourTransform?
  /// What rows are filled with that are not good; nil where such a file is an error.
  let fill: SIMD4<UInt8>?

  /// Reads the header of a file.
  ///
  /// - Parameter decoder: Who keeps what the next file can use, too.
  public init(
    _ source: ImageSource, _ options: DecodingOptions = DecodingOptions(),
    by decoder: JPEGDecoder = .component
  ) throws(ImageDecodingError) {
    let thumbnail =
      options.content == .picture ? nil : try Thumbnail(of: source, by: decoder)
    try self.init(thumbnail?.source ?? source, options, by: decoder, as: thumbnail)
    if options.content == .preview { try thumbnail?.requirePreview(header.wholeSize) }
  }

  /// - Parameter thumbnail: What it is of another file, which says how it is to be shown.
  private init(
    _ source: ImageSource, _ options: DecodingOptions, by decoder: JPEGDecoder,
    as thumbnail: Thumbnail?
  ) throws(ImageDecodingError) {
    try FileSignature.jpeg.check(source)
    let terms = decoder.limits.terms(salvages: false, keepsMarkers: true)
    let id = ID()
    let found = try decoder.withDecompressor(for: id, named: source.name) {
      tool throws(ImageDecodingError) in
      try tool.readHeader(of: id, source, terms) { file throws(ImageDecodingError) in
        try decoder.limits.check(file.header, of: file.name)
        return try FoundHeader(file, options, as: thumbnail)
      }
    }
    self.id = id
    let coding = found.coding
    part = found.part
    var warnings = found.warnings
    let space = ColourTransform.Space(coding)
    var profile = found.profile
    if options.appliesProfile, let bytes = profile {
      transform = decoder.transforms.transform(from: bytes, of: space)
      if transform == nil {
        warnings.append("colour profile ignored: it cannot be applied to these colours")
      } else {
        profile = nil
      }
    } else {
      transform = nil
    }
    isGrey = coding.is_grey
    isCMYK = coding.is_cmyk
    hasSeveralScans = coding.has_several_scans
    self.source = source
    self.decoder = decoder
    self.coding = coding
    fill = if case .salvage(let fill) = options.damage { fill } else { nil }
    planar = PlanarCoding(coding, part, isConverted: transform != nil)
    var header = ImageHeader(
      name: source.name,
      ImageDescriptor(
        width: part.size.width, height: part.size.height,
        writtenBy: JPEGDecoder.writer, alpha: .opaque),
      formats: JPEGDecoder.formats + planar.formats, orientation: found.orientation,
      profile: profile,
      wholeSize: found.orientation.upright(
        ImageSize(width: Int(coding.width), height: Int(coding.height))))
    if options.prefersPlanes {
      if let obstacle = planar.obstacle {
        warnings.append("decoded to colours: \(obstacle)")
      } else {
        header.descriptor = try header.descriptor(as: planar.formats)
      }
    }
    self.header = header
    self.warnings = warnings
  }

  /// Reads the header of a file that is in memory.
  ///
  /// - Parameter name: What errors call it.
  public init(
    _ bytes: [UInt8], named name: String = "bytes", _ options: DecodingOptions = DecodingOptions(),
    by decoder: JPEGDecoder = .component
  ) throws(ImageDecodingError) {
    try self.init(ImageSource(bytes, named: name), options, by: decoder)
  }

  /// Reads the header of a file.
  ///
  /// - Parameter path: A regular file, or a link to one.
  public init(
    contentsOf path: FilePath, _ options: DecodingOptions = DecodingOptions(),
    by decoder: JPEGDecoder = .component
  ) throws(ImageDecodingError) {
    try self.init(ImageSource(path), options, by: decoder)
  }

  /// What errors call it: the path of the file, or what the caller said.
  public var name: String { header.name }
  /// Pixels of what is decoded, as it is to be shown.
  public var size: ImageSize { header.size }
  /// How the rows as they are stored are to be shown.
  public var orientation: Orientation { header.orientation }
  /// What the pool needs to know to allocate a buffer for it, in colour unless planes are preferred: its
  /// size is that of the rows as they are stored.
  public var descriptor: ImageDescriptor { header.descriptor }

  /// What the pool needs to know to allocate a buffer for it in one of these formats.
  ///
  /// - Parameter formats: Of ``JPEGDecoder/formats`` and ``planarFormats``, most wanted first.
  /// - Throws: `unsupported` for any other format.
  public func descriptor(as formats: [Fourcc]) throws(ImageDecodingError) -> ImageDescriptor {
    try header.descriptor(as: formats)
  }
}

extension JPEGImage {
  /// What an image is told apart by: never used twice in a process.
  struct ID: Equatable {
    private static let last = Atomic<UInt64>(0)
    private let number = last.add(1, ordering: .relaxed).newValue
  }
}

/// What the header of a file tells, and its markers.
private struct FoundHeader {
  let coding: texalloc_jpeg_header
  let part: DecodedPart
  let orientation: Orientation
  var profile: [UInt8]?
  let warnings: [String]

  init(
    _ file: borrowing OpenJPEG, _ options: DecodingOptions, as thumbnail: Thumbnail?
  ) throws(ImageDecodingError) {
    coding = file.header
    var warnings = file.notes
    var orientation = Orientation.upright
    do throws(EXIF.Malformed) {
      if let exif = file.segments(ofKind: 1).first {
        orientation = try EXIF.orientation(in: exif.span)
      }
    } catch {
      warnings.append("EXIF ignored: \(error.message)")
    }
    do throws(ColourProfile.Malformed) {
      let parts = file.segments(ofKind: 2)
      if !parts.isEmpty { profile = try ColourProfile.join(parts) }
    } catch {
      warnings.append("colour profile ignored: \(error.message)")
    }
    self.warnings = warnings
    self.orientation = thumbnail?.orientation ?? orientation
    part = try DecodedPart(options, of: file, self.orientation)
  }
}

extension texalloc_jpeg_header {
  /// Whether a file with the other header is decoded to the same number of the same rows.
  func isLike(_ other: texalloc_jpeg_header) -> Bool {
    width == other.width && height == other.height && is_grey == other.is_grey
      && is_cmyk == other.is_cmyk && is_inverted == other.is_inverted
      && has_several_scans == other.has_several_scans
      && coefficient_size == other.coefficient_size && is_rgb == other.is_rgb
      && component_count == other.component_count && across == other.across && down == other.down
  }
}

extension ColourTransform.Space {
  fileprivate init(_ header: texalloc_jpeg_header) {
    self =
      if header.is_grey { .grey } else if header.is_cmyk {
        .cmyk(isInverted: header.is_inverted)
      } else { .rgb }
  }
}
