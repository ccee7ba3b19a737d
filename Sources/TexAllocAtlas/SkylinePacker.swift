/// Packs rectangles into a page and takes them back: numbers only, no memory.
///
/// What is taken begins at the top, and ends at a *skyline*; everything below is free. What is free
/// above it, gaps that rectangles left and places that came back, is remembered as *holes*. A rectangle
/// goes into the hole that it fills best, or else where the skyline lets it stand highest. A map of all
/// pixels knows what is really free, so that places that came back side by side are one.
struct SkylinePacker: Sendable {
  /// How many rectangles are in it.
  private(set) var count = 0
  /// Pixels that they take.
  private(set) var usedArea = 0
  private var taken: TexelBitmap
  private var holes = HoleSet()
  private var skyline: Skyline

  init(width: Int, height: Int) {
    precondition(1...Self.largestSide ~= width && 1...Self.largestSide ~= height)
    taken = TexelBitmap(width: width, height: height)
    skyline = Skyline(width: width)
  }

  /// Pixels that a side has at most.
  static let largestSide = 32_768

  var width: Int { taken.width }
  var height: Int { taken.height }

  /// A place for a rectangle of positive size, or nil where none is known.
  mutating func insert(width: Int, height: Int) -> TexelRectangle? {
    precondition(width > 0 && height > 0)
    guard width <= self.width, height <= self.height else { return nil }
    guard let place = placeInHole(width, height) ?? placeBelow(width, height) else { return nil }
    taken.take(place)
    count += 1
    usedArea += width * height
    return place
  }

  /// Takes back a place that was given out.
  ///
  /// - Returns: The room that there is now around it.
  @discardableResult
  mutating func remove(_ place: TexelRectangle) -> Room {
    precondition(count > 0 && taken.free(place), "\(place) was not given out")
    count -= 1
    usedArea -= place.width * place.height
    if count == 0 {
      holes.removeAll()
      skyline = Skyline(width: width)
      return .open
    }
    if skyline.endsWith(place) {
      // What came back above it before is free, too.
      let top = taken.freeRows(around: place, limit: Self.reach).lowerBound
      skyline.raise(place.columns, to: top)
      return .open
    }
    return remember(place)
  }

  /// What came of a place that was taken back.
  enum Room {
    /// Nobody knows how much.
    case open
    /// Two holes that may overlap.
    case holes(TexelRectangle, TexelRectangle)

    func fits(width: Int, height: Int) -> Bool {
      switch self {
      case .open: true
      case .holes(let first, let second):
        first.width >= width && first.height >= height
          || second.width >= width && second.height >= height
      }
    }
  }

  private mutating func placeInHole(_ width: Int, _ height: Int) -> TexelRectangle? {
    while let hole = holes.takeBest(width, height) {
      for corner in 0..<4 {
        let place = TexelRectangle(
          x: corner & 1 == 0 ? hole.x : hole.x + hole.width - width,
          y: corner & 2 == 0 ? hole.y : hole.y + hole.height - height, width: width, height: height)
        guard taken.isFree(place) else { continue }
        rememberRest(of: hole, without: place)
        skyline.lower(place)
        return place
      }
    }
    return nil
  }

  /// Keeps what is left of a hole beside a place in one of its corners, and above or below it: both
  /// where they meet, too.
  private mutating func rememberRest(of hole: TexelRectangle, without place: TexelRectangle) {
    var (beside, other) = (hole, hole)
    beside.width -= place.width
    if place.x == hole.x { beside.x += place.width }
    if beside.width >= Self.smallestHole { holes.insert(beside) }
    other.height -= place.height
    if place.y == hole.y { other.y += place.height }
    if other.height >= Self.smallestHole { holes.insert(other) }
  }

  private mutating func placeBelow(_ width: Int, _ height: Int) -> TexelRectangle? {
    skyline.place(width, height, above: self.height) { gap in
      if gap.width >= Self.smallestHole && gap.height >= Self.smallestHole { holes.insert(gap) }
    }
  }

  /// Keeps the two largest free places around one that came back: as wide as can be and then as high,
  /// and the other way round.
  private mutating func remember(_ place: TexelRectangle) -> Room {
    var wide = place
    (wide.x, wide.width) = taken.freeColumns(around: wide, limit: Self.reach).startAndCount
    (wide.y, wide.height) = taken.freeRows(around: wide, limit: Self.reach).startAndCount
    holes.insert(wide)
    var high = place
    (high.y, high.height) = taken.freeRows(around: high, limit: Self.reach).startAndCount
    (high.x, high.width) = taken.freeColumns(around: high, limit: Self.reach).startAndCount
    if high != wide { holes.insert(high) }
    return .holes(wide, high)
  }

  /// Pixels: what is smaller either way holds nothing.
  private static let smallestHole = 3
  /// How far holes are looked for around a place.
  private static let reach = 64
}

extension Range<Int> {
  fileprivate var startAndCount: (Int, Int) { (lowerBound, count) }
}

extension SkylinePacker {
  /// Traps where the skyline or the map contradict each other, or what is counted.
  func checkInvariants() {
    skyline.checkInvariants()
    var used = 0
    for y in 0..<height {
      for x in 0..<width where !taken.isFree(TexelRectangle(x: x, y: y, width: 1, height: 1)) {
        used += 1
        precondition(y < skyline.row(at: x), "\(x), \(y) is taken, and below the skyline")
      }
    }
    precondition(used == usedArea, "\(used) pixels taken, \(usedArea) counted")
  }
}

/// A part of an image, in pixels from its upper left corner.
public struct TexelRectangle: Hashable, Sendable {
  public var x, y, width, height: Int

  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// The rows that it touches.
  public var rows: Range<Int> { y..<y + height }
  /// The columns that it touches.
  public var columns: Range<Int> { x..<x + width }

  func contains(_ other: TexelRectangle) -> Bool {
    x <= other.x && y <= other.y && other.x + other.width <= x + width
      && other.y + other.height <= y + height
  }

  /// The same without a margin of so many pixels on each side.
  func inset(by margin: Int) -> TexelRectangle {
    TexelRectangle(
      x: x + margin, y: y + margin, width: width - 2 * margin, height: height - 2 * margin)
  }
}
