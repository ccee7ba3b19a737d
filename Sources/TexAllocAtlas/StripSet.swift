/// Strips of a page in which rectangles of one height stand side by side, one strip for each height.
///
/// Letters of one size come in few heights. The skyline is asked for a strip that has room for several of
/// them; the next ones cost a comparison and a sum.
struct StripSet: Sendable {
  private struct Strip {
    /// What is left of it: columns up to an end, and the upper row.
    var x, end, y: Int32

    static let empty = Strip(x: 0, end: 0, y: 0)
  }

  /// By height.
  private var strips = InlineArray<65, Strip>(repeating: .empty)

  /// Pixels; what is higher has no strip.
  static let highest = 64

  /// The next columns of the lowest strip that has room, as high as the strip; nil where none has.
  ///
  /// - Parameter spare: By how many pixels the strip may be too high.
  mutating func take(_ width: Int, _ height: Int, spare: Int) -> TexelRectangle? {
    var strip = height
    let last = min(height + spare, Self.highest)
    while strip <= last {
      let (x, end, y) = (strips[strip].x, strips[strip].end, strips[strip].y)
      if Int(end - x) >= width {
        strips[strip].x = x + Int32(width)
        return TexelRectangle(x: Int(x), y: Int(y), width: width, height: strip)
      }
      strip += 1
    }
    return nil
  }

  /// Begins a new strip; answers what is left of the one before.
  mutating func begin(_ place: TexelRectangle) -> TexelRectangle {
    let rest = rest(ofHeight: place.height)
    strips[place.height] = Strip(
      x: Int32(place.x), end: Int32(place.x + place.width), y: Int32(place.y))
    return rest
  }

  /// Forgets all strips; answers what is left of them.
  mutating func removeAll() -> [TexelRectangle] {
    defer { self = StripSet() }
    return strips.indices.map(rest).filter { $0.width > 0 }
  }

  private func rest(ofHeight height: Int) -> TexelRectangle {
    let strip = strips[height]
    return TexelRectangle(
      x: Int(strip.x), y: Int(strip.y), width: Int(strip.end - strip.x), height: height)
  }
}
