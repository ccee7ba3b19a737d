internal import CJPEG
internal import DecoderSupport
internal import Glibc
internal import Synchronization
public import TexAlloc

/// [libjpeg-turbo]: what it asks of the memory that it decodes into, and decoders of it that are made
/// once and used for one file after another.
///
/// It writes pixels of four bytes straight to where they belong, row after row, and never reads them
/// back; those of other formats by way of a row in the cache. Whole lines leave it at once where a row
/// begins on a line, hence the alignments.
///
/// Baseline, extended and progressive files of eight bits are decoded, by Huffman's or arithmetic
/// code, in grey, in colour, and in CMYK; twelve bits and lossless coding are not supported.
///
/// Any thread may use it. It keeps as many decoders as there are processors, each of some hundred KiB.
///
/// [libjpeg-turbo]: https://libjpeg-turbo.org
public final class JPEGDecoder: ImageDecoder {
  /// The one that is used where no other is named, with the limits that are usual.
  public static let component = JPEGDecoder()

  /// What any JPEG file can be decoded to; most wanted first. Alpha is opaque, and so is the ignored
  /// byte; `r8` is the brightness.
  public static let formats: [Fourcc] = [
    .abgr8888, .xbgr8888, .argb8888, .xrgb8888, .rgb565, .r8,
  ]

  /// What files are decoded to that have chroma of the same size in planes of its own:
  /// ``JPEGImage/planarFormats``.
  public static let planarFormats: [Fourcc] = [
    .nv12, .yuv420, .nv16, .yuv422, .nv24, .yuv444, .yuv411,
  ]

  public let limits: JPEGLimits
  private let idle = Mutex<[Decompressor]>([])
  private let idleEntropyReaders = Mutex<[EntropyReader]>([])
  let transforms = ColourTransforms()

  public init(limits: JPEGLimits = JPEGLimits()) {
    self.limits = limits
  }

  public let attributes: BufferAttributes = JPEGDecoder.attributes(
    for: JPEGDecoder.formats + JPEGDecoder.planarFormats)

  /// Who writes a picture, in colour and with all its bits unless asked otherwise.
  static let writer = attributes(for: formats.filter { $0 != .r8 && $0 != .rgb565 })

  private static func attributes(for formats: [Fourcc]) -> BufferAttributes {
    var attributes = BufferAttributes.rowWriter("jpeg", of: formats)
    attributes.maxWidth = Int(texalloc_jpeg_max_side)
    attributes.maxHeight = Int(texalloc_jpeg_max_side)
    return attributes
  }

  public var signatureSize: Int { FileSignature.size }

  public func recognizes(_ start: Span<UInt8>) -> Bool { FileSignature.jpeg.begins(start) }

  public func open(
    _ source: ImageSource, _ options: DecodingOptions
  ) throws(ImageDecodingError) -> any EncodedImage {
    try JPEGImage(source, options, by: self)
  }

  /// Lets the body use a decompressor alone: the one that holds the image if there is one, else that
  /// which was idle for the longest time.
  func withDecompressor<Result>(
    for image: JPEGImage.ID, named name: String,
    _ body: (Decompressor) throws(ImageDecodingError) -> Result
  ) throws(ImageDecodingError) -> Result {
    let found = idle.withLock { idle in
      (idle.lastIndex { $0.heldImage == image } ?? idle.indices.first).map { idle.remove(at: $0) }
    }
    guard let tool = found ?? Decompressor() else {
      throw ImageDecodingError(name, .outOfMemory)
    }
    defer {
      idle.withLock { if $0.count < processorCount { $0.append(tool) } }
    }
    return try body(tool)
  }

  /// Lets the body use a reader of Huffman's code alone.
  func withEntropyReader<Result>(
    for name: String, _ body: (EntropyReader) throws(CoefficientsRefused) -> Result
  ) throws(CoefficientsRefused) -> Result {
    let found = idleEntropyReaders.withLock { $0.popLast() }
    guard let reader = found ?? EntropyReader() else {
      throw .failed(ImageDecodingError(name, .outOfMemory))
    }
    defer {
      idleEntropyReaders.withLock { if $0.count < processorCount { $0.append(reader) } }
    }
    return try body(reader)
  }
}

/// Processors that threads of this process may run on.
private let processorCount = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))

extension JPEGDecoder {
  /// Reads the header of a file in memory that is borrowed for the call.
  ///
  /// - Parameter name: What errors call it.
  public func header(
    of bytes: Span<UInt8>, named name: String = "bytes",
    _ options: DecodingOptions = DecodingOptions()
  ) throws(ImageDecodingError) -> ImageHeader {
    try withImage(of: bytes, name, options) { image in image.header }
  }

  /// Decodes a file in memory that is borrowed for the call: ``JPEGImage/decode(into:on:goOn:)``.
  ///
  /// - Parameters:
  ///   - name: What errors call it.
  ///   - buffer: Allocated for the descriptor of its header.
  @discardableResult
  public func decode(
    _ bytes: Span<UInt8>, named name: String = "bytes",
    _ options: DecodingOptions = DecodingOptions(), into buffer: TextureBuffer,
    goOn: @Sendable (_ done: Double) -> Bool = { _ in true }
  ) throws(ImageDecodingError) -> DecodingReport {
    try withImage(of: bytes, name, options) { image throws(ImageDecodingError) in
      try image.decode(into: buffer, goOn: goOn)
    }
  }

  private func withImage<Result>(
    of bytes: Span<UInt8>, _ name: String, _ options: DecodingOptions,
    _ body: (JPEGImage) throws(ImageDecodingError) -> Result
  ) throws(ImageDecodingError) -> Result {
    // No body keeps the image, nor anything that holds its source.
    try unsafe bytes.withUnsafeBytes { bytes throws(ImageDecodingError) in
      try body(JPEGImage(unsafe ImageSource(borrowing: bytes, named: name), options, by: self))
    }
  }
}
