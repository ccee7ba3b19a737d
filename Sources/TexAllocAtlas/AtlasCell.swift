/// The place of one small image on a page of an ``Atlas``.
public struct AtlasCell: Hashable, Sendable {
  /// Which page: an index of ``Atlas/pages``.
  public let page: Int
  /// The pixels of the image, without the border.
  public let rectangle: TexelRectangle
  /// With the border.
  let outer: TexelRectangle
}
