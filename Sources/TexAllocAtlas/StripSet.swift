/// Strips of a page in which rectangles of one height stand side by side, one strip for each height.
///
/// Letters of one size come in few heights. The skyline is asked for a strip that has room for several of
/// them; the next ones cost a comparison and a sum, as books are kept of *runs* of them.
struct StripSet: Sendable {
  private struct Strip {
    /// Columns of the run, of what is left behind it, and the upper row.
    var start, x, end, y: Int32

    static let empty = Strip(start: 0, x: 0, end: 0, y: 0)
  }

  /// By height.
  private var strips = InlineArray<65, Strip>(repeating: .empty)

  /// Pixels; what is higher has no strip.
  static let highest = 64

  /// The next columns of the strip of a height, one more of its run; nil where it has no room.
  @inline(__always)
  mutating func take(_ width: Int, ofHeight height: Int) -> TexelRectangle? {
    guard height <= Self.highest else { return nil }
    let x = strips[height].x
    guard width <= Int(strips[height].end - x) else { return nil }
    strips[height].x = x + Int32(truncatingIfNeeded: width)
    return TexelRectangle(x: Int(x), y: Int(strips[height].y), width: width, height: height)
  }

  /// Takes columns back where they are the last of a run; answers whether they were.
  mutating func giveBack(_ place: TexelRectangle) -> Bool {
    guard place.height <= Self.highest else { return false }
    let strip = strips[place.height]
    guard Int(strip.y) == place.y, Int(strip.x) == place.columns.upperBound,
      Int(strip.start) <= place.x
    else { return false }
    strips[place.height].x -= Int32(place.width)
    return true
  }

  /// Ends the run of a height; answers it where it is not empty.
  ///
  /// - Parameter width: Columns that were taken last and are to be in no run.
  mutating func endRun(ofHeight height: Int, without width: Int = 0) -> TexelRectangle? {
    let (start, x, y) = (strips[height].start, strips[height].x, strips[height].y)
    strips[height].start = x
    let count = Int(x - start) - width
    if count == 0 { return nil }
    return TexelRectangle(x: Int(start), y: Int(y), width: count, height: height)
  }

  /// Ends all runs, and adds those that are not empty.
  mutating func endRuns(into runs: inout [SmallRectangle]) {
    for height in 1...Self.highest {
      if let run = endRun(ofHeight: height) { runs.append(SmallRectangle(run)) }
    }
  }

  /// Begins a new strip, where the run of the one before has ended; answers what is left of that.
  mutating func begin(_ place: TexelRectangle) -> TexelRectangle {
    let height = place.height
    let rest = rest(ofHeight: height)
    let start = Int32(place.x)
    strips[height] = Strip(
      start: start, x: start, end: start + Int32(place.width), y: Int32(place.y))
    return rest
  }

  /// What is left of all strips.
  var all: [TexelRectangle] { strips.indices.map(rest).filter { $0.width > 0 } }

  /// Forgets all strips, whose runs have ended.
  mutating func removeAll() { self = StripSet() }

  /// Forgets those whose runs have ended and of which what is left is over.
  mutating func removeAll(where isOver: (TexelRectangle) -> Bool) {
    for height in strips.indices where strips[height].end > strips[height].x {
      if isOver(rest(ofHeight: height)) { strips[height] = .empty }
    }
  }

  private func rest(ofHeight height: Int) -> TexelRectangle {
    let strip = strips[height]
    return TexelRectangle(
      x: Int(strip.x), y: Int(strip.y), width: Int(strip.end - strip.x), height: height)
  }
}
