/// Places of a page where there was room of late, found by size. Only hints: they may overlap, and be
/// taken by now.
///
/// They hang in lists by the classes of their width and height, so that one that is hardly larger than
/// what is wanted is found in a few steps. One of the oldest goes when there are too many.
struct HoleSet: Sendable {
  private struct Hole {
    var x, y: UInt16
    /// 0 for one that is in no list.
    var width, height: UInt16
    /// Others of its classes; -1 for none.
    var previous: Int16 = -1
    var next: Int16 = -1

    init(_ hole: TexelRectangle) {
      (x, y) = (UInt16(hole.x), UInt16(hole.y))
      (width, height) = (UInt16(hole.width), UInt16(hole.height))
    }

    var rectangle: TexelRectangle {
      TexelRectangle(x: Int(x), y: Int(y), width: Int(width), height: Int(height))
    }

    func isSamePlace(as other: Hole) -> Bool {
      (x, y, width, height) == (other.x, other.y, other.width, other.height)
    }
  }

  private var storage: [Hole] = []
  /// The first that is in no list, of which the next is one, too; -1 for none.
  private var unused: Int16 = -1
  /// The one that goes next where there are too many.
  private var oldest = 0
  /// The first hole of each pair of classes, height by height; -1 for none.
  private var firsts = [Int16](repeating: -1, count: 64 * 64)
  /// For each class of heights, which classes of widths have holes.
  private var widths = [UInt64](repeating: 0, count: 64)
  /// Which classes of heights have holes.
  private var heights: UInt64 = 0

  var all: [TexelRectangle] { storage.filter { $0.width > 0 }.map(\.rectangle) }

  mutating func removeAll() {
    if heights != 0 { self = HoleSet() }
  }

  mutating func removeAll(where isOver: (TexelRectangle) -> Bool) {
    for index in storage.indices where storage[index].width > 0 {
      if isOver(storage[index].rectangle) { remove(index) }
    }
  }

  /// The smallest hole of those looked at that have room for a rectangle. It is forgotten.
  mutating func takeBest(_ width: Int, _ height: Int) -> TexelRectangle? {
    var rows = heights & UInt64.max << UInt64(Self.sizeClass(height))
    guard rows != 0 else { return nil }
    let columns = UInt64.max << UInt64(Self.sizeClass(width))
    var (best, bestArea) = (-1, Int.max)
    var trials = Self.trials
    while rows != 0 && trials > 0 {
      let row = rows.trailingZeroBitCount
      rows &= rows - 1
      var candidates = widths[row] & columns
      var isFound = false
      while candidates != 0 && !isFound && trials > 0 {
        let column = candidates.trailingZeroBitCount
        candidates &= candidates - 1
        var index = Int(firsts[row * 64 + column])
        while index >= 0 && trials > 0 {
          trials -= 1
          let hole = storage[index]
          if hole.width >= width && hole.height >= height {
            isFound = true
            let area = Int(hole.width) * Int(hole.height)
            if area < bestArea { (best, bestArea) = (index, area) }
          }
          index = Int(hole.next)
        }
      }
    }
    if best < 0 { return nil }
    let hole = storage[best]
    remove(best)
    return hole.rectangle
  }

  mutating func insert(_ hole: TexelRectangle) {
    let list = Self.sizeClass(hole.height) * 64 + Self.sizeClass(hole.width)
    var new = Hole(hole)
    if firsts[list] >= 0, storage[Int(firsts[list])].isSamePlace(as: new) { return }
    let index = makeRoom()
    new.next = firsts[list]
    if new.next >= 0 { storage[Int(new.next)].previous = Int16(index) }
    storage[index] = new
    firsts[list] = Int16(index)
    widths[list / 64] |= 1 << UInt64(list % 64)
    heights |= 1 << UInt64(list / 64)
  }

  /// An entry that is free; another goes where there is none, after all others had their turn.
  private mutating func makeRoom() -> Int {
    if unused < 0 {
      if storage.count < Self.limit {
        storage.append(Hole(TexelRectangle(x: 0, y: 0, width: 0, height: 0)))
        return storage.count - 1
      }
      remove(oldest)
      oldest = (oldest + 1) % Self.limit
    }
    let index = Int(unused)
    unused = storage[index].next
    return index
  }

  /// How many holes are looked at for one rectangle.
  private static let trials = 16
  /// How many are kept.
  private static let limit = 4096

  private mutating func remove(_ index: Int) {
    let hole = storage[index]
    if hole.next >= 0 { storage[Int(hole.next)].previous = hole.previous }
    if hole.previous >= 0 {
      storage[Int(hole.previous)].next = hole.next
    } else {
      let (row, column) = (Self.sizeClass(Int(hole.height)), Self.sizeClass(Int(hole.width)))
      firsts[row * 64 + column] = hole.next
      if hole.next < 0 {
        widths[row] &= ~(1 << UInt64(column))
        if widths[row] == 0 { heights &= ~(1 << UInt64(row)) }
      }
    }
    storage[index].width = 0
    storage[index].next = unused
    unused = Int16(index)
  }

  /// Sizes up to 16 are classes of their own; above, four share an octave.
  private static func sizeClass(_ size: Int) -> Int {
    if size <= 16 { return size }
    let octave = size.bitWidth - 1 - size.leadingZeroBitCount
    return 16 + (octave - 4) * 4 + size >> (octave - 2) & 3
  }
}
