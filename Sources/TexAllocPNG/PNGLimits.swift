/// How much a PNG file may cost before it is refused. A few kilobytes can otherwise ask for gigabytes. Each
/// is looked at before what it limits is taken.
public struct PNGLimits: Hashable, Sendable {
  /// Pixels across and down: 65535.
  public var width = 65535
  public var height = 65535
  /// Pixels of the image: 16384 x 16384, the largest texture of common GPUs.
  public var pixels = 1 << 28
  /// Bytes of the whole image, which an interlaced file is decoded to in the cache: 4 for each pixel;
  /// 512 MiB.
  public var interlacedBytes = 512 << 20
  /// Bytes of a file, which is read whole: 256 MiB.
  public var fileBytes = 256 << 20
  /// Bytes of one colour profile, or of EXIF: 16 MiB. Larger ones are ignored.
  public var chunkBytes = 16 << 20
  /// Chunks beside the image that are kept: 100.
  public var chunks = 100

  public init() {}
}
