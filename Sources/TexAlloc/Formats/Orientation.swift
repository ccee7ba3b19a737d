/// How the rows of a picture as they are stored are to be shown; the raw value is that of the tag
/// `Orientation` in [TIFF] 6.0 and EXIF.
///
/// A picture is never turned by copying its pixels: whoever draws it turns its corners.
///
/// [TIFF]: https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
public enum Orientation: UInt8, CaseIterable, Sendable {
  case upright = 1
  /// Left and right change places.
  case mirrored
  case turnedHalf
  /// Top and bottom change places.
  case flipped
  /// Rows become columns: the first row is shown at the left.
  case transposed
  /// A quarter, clockwise: the first row is shown at the right.
  case turnedRight
  /// Rows become columns: the first row is shown at the right, from the bottom.
  case transversed
  /// A quarter, counterclockwise: the first row is shown at the left, from the bottom.
  case turnedLeft

  /// Whether rows are shown as columns, so that width and height change places.
  public var swapsSides: Bool { rawValue >= 5 }

  /// Pixels of the picture as it is shown.
  public func upright(_ stored: ImageSize) -> ImageSize {
    swapsSides ? ImageSize(width: stored.height, height: stored.width) : stored
  }

  /// Where a point of the picture as it is shown lies in the rows as they are stored: texture
  /// coordinates, from 0 at the left and at the top to 1.
  public func stored(x: Float, y: Float) -> (x: Float, y: Float) {
    switch self {
    case .upright: (x, y)
    case .mirrored: (1 - x, y)
    case .turnedHalf: (1 - x, 1 - y)
    case .flipped: (x, 1 - y)
    case .transposed: (y, x)
    case .turnedRight: (y, 1 - x)
    case .transversed: (1 - y, 1 - x)
    case .turnedLeft: (1 - y, x)
    }
  }
}
