public import SystemPackage
public import TexAllocEGL

/// A file that became a texture, and how long that took.
public struct LoadedTexture: Sendable {
  public let texture: Texture
  /// From opening the file to its last row, on one thread.
  public let decoding: Duration
  /// Import or upload.
  public let registering: Duration
}

/// How far a batch of files is.
public struct LoadProgress: Sendable {
  public let done, total: Int
  /// The file that was finished last.
  public let latest: FilePath
}
