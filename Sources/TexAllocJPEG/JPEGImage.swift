internal import CJPEG
public import SystemPackage
public import TexAlloc

/// A JPEG file in memory, whose header was read.
///
/// ```swift
/// let photo = try JPEGImage(contentsOf: path)
/// let buffer = try pool.allocate(photo.descriptor)
/// try photo.decode(into: buffer)
/// ```
///
/// The value never changes: several threads may decode it at once, each into a buffer of its own.
public struct JPEGImage: Sendable {
  /// What errors call it: the path of the file, or what the caller said.
  public let name: String
  /// Pixels.
  public let width, height: Int
  /// Whether the file holds brightness only.
  public let isGrey: Bool
  /// Whether the first row is known only when the whole file is read: progressive files foremost.
  public let hasSeveralScans: Bool

  let bytes: [UInt8]
  let limits: JPEGLimits

  /// Reads the header of a JPEG file that is in memory.
  ///
  /// - Parameter name: What errors call it.
  public init(
    _ bytes: [UInt8], named name: String = "bytes", limits: JPEGLimits = JPEGLimits()
  ) throws(JPEGError) {
    if bytes.isEmpty { throw JPEGError(name, .empty) }
    if let other = FileSignature.kindUnlessJPEG(bytes) { throw JPEGError(name, .notJPEG(other)) }
    try JPEGImage.check(.fileSize, bytes.count, limits.fileSize, name)
    let reader = try JPEGReader(bytes.span, named: name)
    let header = reader.header
    let (width, height) = (Int(header.width), Int(header.height))
    try JPEGImage.check(.pixels, width * height, limits.pixels, name)
    try JPEGImage.check(
      .coefficients, Int(header.coefficient_size), limits.coefficients, name)
    self.name = name
    self.width = width
    self.height = height
    isGrey = header.is_grey
    hasSeveralScans = header.has_several_scans
    self.bytes = bytes
    self.limits = limits
  }

  /// Reads a file into memory, and its header.
  ///
  /// - Parameter path: A regular file, or a link to one.
  public init(
    contentsOf path: FilePath, limits: JPEGLimits = JPEGLimits()
  ) throws(JPEGError) {
    try self.init(
      FileBytes.read(path, limit: limits.fileSize), named: path.string, limits: limits)
  }

  /// What the pool needs to know to allocate a buffer for it, in colour.
  public var descriptor: ImageDescriptor {
    descriptor(writtenAs: JPEGDecoder.formats.filter { $0 != .r8 })
  }

  /// What the pool needs to know to allocate a buffer for it in one of these formats.
  ///
  /// - Parameter formats: Of ``JPEGDecoder/formats``, most wanted first.
  /// - Throws: `unsupported` for any other format.
  public func descriptor(as formats: [Fourcc]) throws(JPEGError) -> ImageDescriptor {
    for format in formats where !JPEGDecoder.formats.contains(format) {
      throw JPEGError(name, .unsupported("decoding to \(format)"))
    }
    return descriptor(writtenAs: formats)
  }

  private func descriptor(writtenAs formats: [Fourcc]) -> ImageDescriptor {
    ImageDescriptor(
      width: width, height: height, writtenBy: JPEGDecoder.attributes(for: formats))
  }

  static func check(
    _ limit: JPEGError.Limit, _ found: Int, _ allowed: Int, _ name: String
  ) throws(JPEGError) {
    if found > allowed { throw JPEGError(name, .tooMuch(limit, found: found, limit: allowed)) }
  }
}

/// How much a JPEG file may cost before it is refused. A few kilobytes can otherwise ask for
/// gigabytes, or for hours.
public struct JPEGLimits: Hashable, Sendable {
  /// Bytes of the file.
  public var fileSize = 256 << 20
  /// Pixels of the image: 16384 x 16384, the largest texture of common GPUs.
  public var pixels = 1 << 28
  /// Bytes for coefficients, which the decoder holds of the whole image where a file has several
  /// scans: 2 for each, thus 3 to 6 for each pixel in colour.
  public var coefficients = 512 << 20
  /// Scans that a file is coded in. Usual progressive files have about ten.
  public var scans = 100

  public init() {}
}
