internal import SystemPackage

/// A library that decodes pictures: what it asks of memory, as a component, and how a file of its kind
/// becomes an image. Whoever brings another kind of file writes one of these and one ``EncodedImage``.
///
/// ```swift
/// if decoder.recognizes(start.span) {
///   let picture = try decoder.open(ImageSource(path), DecodingOptions())
///   let buffer = try pool.allocate(picture.header.descriptor)
///   try picture.decode(into: buffer, on: CallingThread()) { _ in true }
/// }
/// ```
///
/// Any thread may call it, several at once.
public protocol ImageDecoder: Component {
  /// Bytes from the start of a file that tell whether it is one of its own.
  var signatureSize: Int { get }

  /// Whether a file that starts like this is one of its own; by its first bytes alone, so that the
  /// answer costs nothing.
  ///
  /// - Parameter start: `signatureSize` bytes, fewer where the file has no more.
  func recognizes(_ start: Span<UInt8>) -> Bool

  /// Reads the header of a file, and checks what it claims against the decoder's limits. No pixel is
  /// decoded, and no memory taken that a file could make large by claiming so.
  ///
  /// The header that comes out is that of what the options ask for. Of them, `damage`, `appliesProfile`,
  /// `size` and `prefersPlanes` may be followed as far as the decoder can; of a region or a content that it
  /// cannot give it says so, by an error.
  func open(
    _ source: ImageSource, _ options: DecodingOptions
  ) throws(ImageDecodingError) -> any EncodedImage
}

/// A picture whose header was read.
public protocol EncodedImage: Sendable {
  var header: ImageHeader { get }

  /// Decodes it straight into a buffer, by the writers of its planes.
  ///
  /// Begins with ``ImageHeader/check(_:)``. What fits no rule of theirs, as passes that read what the
  /// one before wrote, goes through rows or images in the cache. Where it throws, what it has written
  /// is of no use to anybody; it does not clean up.
  ///
  /// - Parameters:
  ///   - buffer: Allocated for the header's descriptor, or fit for it.
  ///   - workers: Threads that it may use besides; the calling one is enough.
  ///   - goOn: Is told, every few rows, on any of these threads, which part of the work is done, from 0
  ///     to 1, and answers whether to go on.
  /// - Returns: What was wrong with the file, where the options tolerate that.
  func decode(
    into buffer: TextureBuffer, on workers: any Workers, goOn: @Sendable (_ done: Double) -> Bool
  ) throws(ImageDecodingError) -> DecodingReport
}

/// What the header of a picture's file tells.
public struct ImageHeader: Hashable, Sendable {
  /// What errors call the picture: that of its ``ImageSource``.
  public var name: String
  /// What the pool needs to know: the size as the rows are stored, of the region and at the scale that the
  /// options lead to, who writes them, in which formats unless others are asked for, in which colours.
  public var descriptor: ImageDescriptor
  /// Pixels of the whole picture as it is to be shown, before any region and scale.
  public var wholeSize: ImageSize
  /// Every format that it can be decoded to, most wanted first.
  public var formats: [Fourcc]
  /// How the rows as they are stored are to be shown.
  public var orientation: Orientation
  /// The bytes of an ICC profile that describes the colours better than the descriptor does; nil where
  /// the file has none, or where they are converted to sRGB.
  public var profile: [UInt8]?

  /// - Parameters:
  ///   - formats: Those of the descriptor, where nil.
  ///   - wholeSize: That of the descriptor, where nil.
  public init(
    name: String, _ descriptor: ImageDescriptor, formats: [Fourcc]? = nil,
    orientation: Orientation = .upright, profile: [UInt8]? = nil, wholeSize: ImageSize? = nil
  ) {
    self.name = name
    self.descriptor = descriptor
    self.wholeSize = wholeSize ?? orientation.upright(descriptor.size)
    self.formats = formats ?? descriptor.formats
    self.orientation = orientation
    self.profile = profile
  }

  /// Pixels of what is decoded, as it is to be shown.
  public var size: ImageSize { orientation.upright(descriptor.size) }

  /// What reports call its memory: the name of its file, without the folder.
  package var bufferName: String { FilePath(name).lastComponent?.string ?? name }

  /// The descriptor for decoding to some of the formats.
  ///
  /// - Parameter wanted: Most wanted first.
  /// - Throws: `unsupported` for a format that is not among ``formats``.
  public func descriptor(as wanted: [Fourcc]) throws(ImageDecodingError) -> ImageDescriptor {
    for format in wanted where !formats.contains(format) {
      throw ImageDecodingError(name, .unsupported("decoding to \(format)"))
    }
    var descriptor = descriptor
    descriptor.writer.formats = wanted.map { Format($0) }
    return descriptor
  }

  /// Whether the picture can be decoded into a buffer.
  ///
  /// - Throws: `unsuitableBuffer` with what is wrong.
  public func check(_ buffer: TextureBuffer) throws(ImageDecodingError) {
    func check(
      _ field: String, _ isRight: Bool, _ wanted: @autoclosure () -> String,
      _ held: @autoclosure () -> String
    ) throws(ImageDecodingError) {
      if isRight { return }
      throw ImageDecodingError(
        name, .unsuitableBuffer(field: field, wanted: wanted(), held: held()))
    }
    let layout = buffer.layout
    try check(
      "formats", layout.format.modifier == .linear && formats.contains(layout.format.fourcc),
      "one of \(formats.map(\.description).joined(separator: ", "))", "\(layout.format)")
    try check(
      "size", layout.imageSize == descriptor.size, "\(descriptor.size)", "\(layout.imageSize)")
    // Such an image has rows of whole lines.
    try check(
      "cpuUsage", buffer.cpuUsage.contains(where: \.isWrite), "sequentialWrite",
      "memory that the CPU was not to write")
  }
}

/// How a decoding went that gave a picture.
public struct DecodingReport: Hashable, Sendable {
  /// What was wrong with the file, in words.
  public var warnings: [String]
  /// The rows, as they are stored, whose pixels are those of the file.
  public var goodRows: Range<Int>

  public init(warnings: [String] = [], goodRows: Range<Int>) {
    self.warnings = warnings
    self.goodRows = goodRows
  }
}
