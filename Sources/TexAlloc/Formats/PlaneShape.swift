/// What one plane of a linear format holds: an element of so many bytes for so many pixels.
public struct PlaneShape: Hashable, Sendable {
  /// Pixels of the image across, and down, that share one element.
  public let horizontalSubsampling, verticalSubsampling: Int
  /// Bytes of one element.
  public let bytesPerElement: Int
  /// Elements that come only together: 2 for `YUYV`, whose rows hold whole pairs of pixels.
  let elementsPerGroup: Int

  init(_ horizontal: Int, _ vertical: Int, _ bytes: Int, group: Int = 1) {
    horizontalSubsampling = horizontal
    verticalSubsampling = vertical
    bytesPerElement = bytes
    elementsPerGroup = group
  }

  /// Bytes that the pixels of a row take in an image of this width in pixels; nil on overflow.
  public func bytes(across width: Int) -> Int? {
    width.dividedRoundingUp(by: horizontalSubsampling)
      .checkedRoundedUp(toMultipleOf: elementsPerGroup)?
      .checkedProduct(bytesPerElement)
  }

  /// Rows of an image of this height in pixels.
  public func rows(down height: Int) -> Int {
    height.dividedRoundingUp(by: verticalSubsampling)
  }
}

extension Fourcc {
  /// The planes of this format when it is linear; nil for a format that this library does not know.
  public var planes: [PlaneShape]? {
    switch self {
    case .abgr8888, .xbgr8888, .argb8888, .xrgb8888: [PlaneShape(1, 1, 4)]
    case .rgb565, .gr88: [PlaneShape(1, 1, 2)]
    case .r8: [PlaneShape(1, 1, 1)]
    case .yuyv, .uyvy: [PlaneShape(1, 1, 2, group: 2)]
    case .nv12: [PlaneShape(1, 1, 1), PlaneShape(2, 2, 2)]
    case .yuv420: [PlaneShape(1, 1, 1), PlaneShape(2, 2, 1), PlaneShape(2, 2, 1)]
    default: nil
    }
  }
}
