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
