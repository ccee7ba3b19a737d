/// For each column of a page, the row below which all is free.
struct Skyline: Sendable {
  private struct Step {
    /// Where it begins; it holds up to the next.
    var x: Int32
    /// The first row that is free.
    var y: Int32
  }

  /// From left to right; the last is the right edge.
  private var steps: [Step]
  /// The step behind the one that was set last.
  private var next = 0
  /// The upper row of what was placed last.
  private var latestY: Int32

  /// All is free from a row on.
  init(width: Int, top: Int) {
    steps = [Step(x: 0, y: Int32(top)), Step(x: Int32(width), y: .max)]
    latestY = Int32(top)
  }

  /// Puts a rectangle beside the one before, where it stands hardly lower than that; or else where it
  /// stands highest, and furthest left of such places. nil where it would pass a row.
  ///
  /// - Parameter gap: Is given what stays free above it.
  mutating func place(
    _ width: Int, _ height: Int, above limit: Int, gap: (TexelRectangle) -> Void
  ) -> TexelRectangle? {
    let size = (width: Int32(width), height: Int32(height))
    let limit = Int32(limit) - size.height + 1
    let beside = min(next, steps.count - 1)..<min(next + Self.reach, steps.count - 1)
    let found =
      highest(among: beside, size.width, above: min(limit, latestY + size.height / 3 + 1))
      ?? highest(among: 0..<steps.count - 1, size.width, above: limit)
    guard let found else { return nil }
    let (first, y) = found
    let (x, end) = (steps[first].x, steps[first].x + size.width)
    var past = first
    while steps[past].x < end {
      let step = steps[past]
      past += 1
      guard step.y < y else { continue }
      gap(
        TexelRectangle(
          x: Int(step.x), y: Int(step.y), width: Int(min(steps[past].x, end) - step.x),
          height: Int(y - step.y)))
    }
    latestY = y
    set(first..<past, from: x, to: end, at: y + size.height)
    return TexelRectangle(x: Int(x), y: Int(y), width: width, height: height)
  }

  /// How many steps are looked at before all are.
  private static let reach = 6

  /// - Parameter range: The steps that it may begin with.
  private func highest(
    among range: Range<Int>, _ width: Int32, above limit: Int32
  ) -> (step: Int, y: Int32)? {
    let steps = steps.span
    let lastX = steps[steps.count - 1].x - width
    var (best, bestY) = (-1, limit)
    var index = range.lowerBound
    while index < range.upperBound && steps[index].x <= lastX {
      var y = steps[index].y
      if y < bestY {
        let end = steps[index].x + width
        var other = index + 1
        while y < bestY && steps[other].x < end {
          y = max(y, steps[other].y)
          other += 1
        }
        if y < bestY { (best, bestY) = (index, y) }
      }
      index += 1
    }
    return best < 0 ? nil : (best, bestY)
  }

  /// Has all columns of a place end below it, where they do not already.
  ///
  /// - Parameter gap: Is given what stays free above it.
  mutating func lower(_ place: TexelRectangle, gap: (TexelRectangle) -> Void = { _ in }) {
    let bottom = Int32(place.y + place.height)
    let end = Int32(place.x + place.width)
    var start = Int32(place.x)
    var index = step(at: start)
    while start < end {
      // The columns from here on that end above.
      var past = index
      while past < steps.count - 1, steps[past].x < end, steps[past].y < bottom {
        let (x, y) = (max(start, steps[past].x), Int(steps[past].y))
        past += 1
        guard y < place.y else { continue }
        gap(
          TexelRectangle(
            x: Int(x), y: y, width: Int(min(steps[past].x, end) - x), height: place.y - y))
      }
      if past > index {
        let stop = min(steps[past].x, end)
        set(index..<past, from: start, to: stop, at: bottom)
        start = stop
        index = step(at: start)
      } else {
        index += 1
        start = steps[index].x
      }
    }
  }

  /// Has no column end below a row.
  mutating func limit(to row: Int) {
    var (raised, last) = ([] as [Step], -1 as Int32)
    for step in steps.dropLast() {
      let y = min(step.y, Int32(row))
      if y != last { raised.append(Step(x: step.x, y: y)) }
      last = y
    }
    raised.append(steps[steps.count - 1])
    (steps, next, latestY) = (raised, 0, min(latestY, Int32(row)))
  }

  /// What is free above a row.
  func gaps(above row: Int, _ body: (TexelRectangle) -> Void) {
    for (step, next) in zip(steps, steps.dropFirst()) where step.y < row {
      body(
        TexelRectangle(
          x: Int(step.x), y: Int(step.y), width: Int(next.x - step.x), height: row - Int(step.y)))
    }
  }

  /// Whether all columns of a place end with it.
  func endsWith(_ place: TexelRectangle) -> Bool {
    let (end, bottom) = (Int32(place.x + place.width), Int32(place.y + place.height))
    var index = step(at: Int32(place.x))
    while steps[index].x < end {
      guard steps[index].y == bottom else { return false }
      index += 1
    }
    return true
  }

  /// Has columns end at a row from which on they are free.
  mutating func raise(_ columns: Range<Int>, to row: Int) {
    let first = step(at: Int32(columns.lowerBound))
    var past = first
    while steps[past].x < Int32(columns.upperBound) { past += 1 }
    set(
      first..<past, from: Int32(columns.lowerBound), to: Int32(columns.upperBound), at: Int32(row))
  }

  /// - Parameter range: The steps that hold between the columns.
  private mutating func set(_ range: Range<Int>, from x: Int32, to end: Int32, at y: Int32) {
    var (first, past) = (range.lowerBound, range.upperBound)
    var start = x
    let rest = Step(x: end, y: steps[past - 1].y)
    var keepsRest = steps[past].x > end
    if steps[first].x < x {
      first += 1
    } else if first > 0, steps[first - 1].y == y {
      first -= 1
      start = steps[first].x
    }
    if keepsRest {
      keepsRest = rest.y != y
    } else if steps[past].y == y {
      past += 1
    }
    let new = Step(x: start, y: y)
    let missing = (keepsRest ? 2 : 1) - (past - first)
    if missing < 0 {
      steps.removeSubrange(first..<first - missing)
    } else {
      for _ in 0..<missing { steps.insert(new, at: first) }
    }
    steps[first] = new
    if keepsRest { steps[first + 1] = rest }
    next = first + 1
  }

  /// The step that holds at a column.
  private func step(at x: Int32) -> Int {
    var (low, high) = (0, steps.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if steps[middle].x <= x { low = middle } else { high = middle }
    }
    return low
  }

  /// Traps where steps do not go from left to right, or do not differ.
  func checkInvariants() {
    precondition(steps[0].x == 0)
    for (step, next) in zip(steps, steps.dropFirst()) {
      precondition(step.x < next.x && step.y != next.y && 0 <= step.y)
    }
  }
}
