internal import TexAlloc

/// Packs rectangles into a page: numbers only, no memory.
///
/// A page is cut into shelves, one after the other down the page, each about as high as the first
/// rectangle put on it; rectangles stand side by side on the shelf that they fit best. That suits
/// glyphs, of which a size has few heights. Inserting takes time that grows with the number of shelves.
struct ShelfPacker: Sendable {
  private struct Shelf {
    let y, height: Int
    /// Where the free part begins.
    var end = 0
    var cells = 0
  }

  let width, height: Int
  private var shelves: [Shelf] = []

  init(width: Int, height: Int) {
    precondition(width > 0 && height > 0)
    self.width = width
    self.height = height
  }

  /// A place for a rectangle of positive size, or nil where no shelf has room.
  mutating func insert(width: Int, height: Int) -> TexelRectangle? {
    precondition(width > 0 && height > 0)
    guard width <= self.width, height <= self.height else { return nil }
    guard let index = shelf(width, height) else { return nil }
    defer {
      shelves[index].end += width
      shelves[index].cells += 1
    }
    return TexelRectangle(
      x: shelves[index].end, y: shelves[index].y, width: width, height: height)
  }

  /// Takes back the place of one rectangle. Its room is used again when the shelf is empty, and at
  /// once where nothing stands behind it.
  mutating func remove(_ place: TexelRectangle) {
    guard let index = shelves.firstIndex(where: { $0.y == place.y }),
      shelves[index].cells > 0, place.columns.upperBound <= shelves[index].end
    else { preconditionFailure("\(place) was not given out") }
    shelves[index].cells -= 1
    if shelves[index].cells == 0 {
      shelves[index].end = 0
    } else if place.columns.upperBound == shelves[index].end {
      shelves[index].end = place.x
    }
  }

  /// The lowest shelf with room for a rectangle if it is hardly higher, or else a new one, or else
  /// the lowest with room.
  private mutating func shelf(_ width: Int, _ height: Int) -> Int? {
    var best: Int?
    for index in shelves.indices
    where shelves[index].height >= height && self.width - shelves[index].end >= width {
      if let found = best, shelves[found].height <= shelves[index].height { continue }
      best = index
    }
    let wanted = height.roundedUp(toMultipleOf: Self.step)
    if let best, shelves[best].height <= wanted + Self.step { return best }
    return openShelf(height, wanted) ?? best
  }

  /// A shelf above the others, as high as wanted where the page is; nil where it is full.
  private mutating func openShelf(_ height: Int, _ wanted: Int) -> Int? {
    let y = shelves.last.map { $0.y + $0.height } ?? 0
    guard y + height <= self.height else { return nil }
    shelves.append(Shelf(y: y, height: min(wanted, self.height - y)))
    return shelves.endIndex - 1
  }

  /// Heights of shelves are multiples of this, except that of the last.
  private static let step = 4
}

extension ShelfPacker {
  /// Traps where shelves overlap, leave the page, or hold more than they are wide.
  func checkInvariants() {
    var y = 0
    for shelf in shelves {
      precondition(shelf.y == y && shelf.height > 0)
      precondition(0 <= shelf.end && shelf.end <= width && shelf.cells <= shelf.end)
      precondition((shelf.cells == 0) == (shelf.end == 0))
      y += shelf.height
    }
    precondition(y <= height)
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

  /// The same without a margin of so many pixels on each side.
  func inset(by margin: Int) -> TexelRectangle {
    TexelRectangle(
      x: x + margin, y: y + margin, width: width - 2 * margin, height: height - 2 * margin)
  }
}
