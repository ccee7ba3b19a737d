/// How much a loader has under way at once.
public struct AssetLimits: Hashable, Sendable {
  /// Bytes of files that were read and are not decoded yet: 8 MiB. At least one file is read, whatever
  /// its size. As many bytes of their memory are kept for the next files.
  public var encodedBytes = 8 << 20
  /// Bytes of images that were decoded and wait for the device's thread: 64 MiB. No image is begun while
  /// as many wait.
  public var decodedBytes = 64 << 20
  /// Bytes of one file: 256 MiB. A larger one is an error.
  public var fileBytes = 256 << 20
  /// Files that are read at once: 12, on as many threads. They come as they are needed.
  public var reads = 12
  /// Those of them in one file system, which may hang: 4.
  public var readsInOneMount = 4

  public init() {}
}
