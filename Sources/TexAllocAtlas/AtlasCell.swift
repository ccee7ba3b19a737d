/// The place of one small image on a page of an ``Atlas``.
public struct AtlasCell: Hashable, Sendable {
  /// Which page: an index of ``Atlas/pages``.
  public let page: Int
  /// The pixels of the image; the border lies round them.
  public let rectangle: TexelRectangle
}
