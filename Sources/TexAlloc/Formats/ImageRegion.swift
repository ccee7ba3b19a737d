/// A part of a picture, in pixels from its upper left corner.
public struct ImageRegion: Hashable, Sendable {
  public var x, y, width, height: Int

  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// All of a picture.
  public init(of size: ImageSize) {
    self.init(x: 0, y: 0, width: size.width, height: size.height)
  }

  public var size: ImageSize { ImageSize(width: width, height: height) }
  /// Those of a part of a picture; others trap.
  public var columns: Range<Int> { x..<x + width }
  public var rows: Range<Int> { y..<y + height }

  /// Whether it has a pixel, and all that it has are a picture's.
  public func isPart(of size: ImageSize) -> Bool {
    func isPart(_ start: Int, _ count: Int, _ limit: Int) -> Bool {
      start >= 0 && count > 0 && start.checkedSum(count).map { $0 <= limit } ?? false
    }
    return isPart(x, width, size.width) && isPart(y, height, size.height)
  }
}

extension ImageRegion: CustomStringConvertible {
  /// As `640x480+100+20`: the size, then columns from the left and rows from the top.
  public var description: String { "\(size)+\(x)+\(y)" }
}

extension ImageRegion: LosslessStringConvertible {
  /// Reads `640x480+100+20`: four decimal numbers of at most `Int.max`; else nil.
  public init?(_ description: String) {
    let parts = description.split(separator: "+", omittingEmptySubsequences: false)
    // A place is written with digits only, as a size is.
    guard parts.count == 3, let size = ImageSize(String(parts[0])),
      let place = ImageSize("\(parts[1])x\(parts[2])")
    else { return nil }
    self.init(x: place.width, y: place.height, width: size.width, height: size.height)
  }
}

extension Orientation {
  /// Where a part of the picture as it is shown lies in the rows as they are stored.
  ///
  /// - Parameters:
  ///   - region: Part of the picture.
  ///   - size: Of the picture as it is stored.
  public func stored(_ region: ImageRegion, of size: ImageSize) -> ImageRegion {
    let (x, y) = swapsSides ? (region.y, region.x) : (region.x, region.y)
    let (width, height) =
      swapsSides ? (region.height, region.width) : (region.width, region.height)
    return ImageRegion(
      x: endsAtTheLeft ? size.width - x - width : x,
      y: endsAtTheTop ? size.height - y - height : y, width: width, height: height)
  }

  /// Whether what is stored last of a row is shown first, and so for the rows.
  private var endsAtTheLeft: Bool {
    switch self {
    case .mirrored, .turnedHalf, .transversed, .turnedLeft: true
    case .upright, .flipped, .transposed, .turnedRight: false
    }
  }
  private var endsAtTheTop: Bool {
    switch self {
    case .turnedHalf, .flipped, .turnedRight, .transversed: true
    case .upright, .mirrored, .transposed, .turnedLeft: false
    }
  }
}
