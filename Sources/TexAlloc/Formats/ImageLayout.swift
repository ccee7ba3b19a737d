/// Where the pixels of one image lie, from the first byte of its allocation.
public struct ImageLayout: Hashable, Sendable {
  /// One plane: `rows` rows, each `pitch` bytes after the one before, the first at `offset`.
  public struct Plane: Hashable, Sendable {
    /// Bytes from the start of the image.
    public let offset: Int
    /// Bytes from one row to the next.
    public let pitch: Int
    /// Rows that memory is set aside for; at least those of the image.
    public let rows: Int

    public init(offset: Int, pitch: Int, rows: Int) {
      self.offset = offset
      self.pitch = pitch
      self.rows = rows
    }
  }

  /// Pixels.
  public let width, height: Int
  public let format: Format
  /// In the order of `drm_fourcc.h`.
  public let planes: [Plane]
  /// Bytes of the whole image, padding included.
  public let size: Int

  public init(width: Int, height: Int, format: Format, planes: [Plane], size: Int) {
    self.width = width
    self.height = height
    self.format = format
    self.planes = planes
    self.size = size
  }
}
