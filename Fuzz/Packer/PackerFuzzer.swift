/// What libFuzzer calls: replays events against a packer and checks it after each. An event is three
/// bytes: whether something comes, goes or is told, then a size, which rows are cleared round which places, or
/// which place is given back.
@c(LLVMFuzzerTestOneInput)
public func replay(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let events = unsafe UnsafeBufferPointer(start: start, count: count)
  var page = CheckedPage(width: 600, height: 96)
  for event in stride(from: 0, to: count - 2, by: 3) {
    let (kind, size, other) = unsafe (events[event], events[event + 1], events[event + 2])
    if kind < 140 {
      page.insert(width: Int(size) % 80 + 1, height: Int(other) % 80 + 1)
    } else if kind < 164 {
      // Half of the time round and round.
      page.clear(from: kind % 2 == 0 ? nil : Int(size), count: Int(other), keeping: Int(size) % 7)
    } else if kind < 170 {
      page.tell()
    } else {
      // Half of the time what came last.
      page.remove(kind < 210 ? nil : Int(other))
    }
  }
  page.end()
  return 0
}

/// A packer, beside whose every pixel is written down whether it is taken.
private struct CheckedPage {
  private let width, height: Int
  private var packer: SkylinePacker
  private var taken, isNew: [Bool]
  private var live: [TexelRectangle] = []
  /// What came since the last time that it was told.
  private var new: Set<TexelRectangle> = []
  /// Rows that were cleared since the last place came back alone.
  private var cleared: [Bool]
  /// Whether some ever were: what was free of them is not all known from then on.
  private var isPartlyKnown = false

  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    packer = SkylinePacker(width: width, height: height)
    taken = [Bool](repeating: false, count: width * height)
    isNew = taken
    cleared = [Bool](repeating: false, count: height)
  }

  mutating func insert(width: Int, height: Int) {
    if let place = packer.insert(width: width, height: height) { add(place, width, height) }
  }

  private mutating func add(_ place: TexelRectangle, _ width: Int, _ height: Int) {
    precondition(place.width == width && place.height == height)
    set(place, true)
    live.append(place)
    new.insert(place)
    for pixel in pixels(of: place) { isNew[pixel] = true }
    checkNumbers()
  }

  /// - Parameters:
  ///   - first: A row; nil for the one behind the last that was cleared.
  ///   - divisor: Of the columns where what stays begins; nothing does where it is less than 2.
  mutating func clear(from first: Int?, count: Int, keeping divisor: Int) {
    let start = (first ?? packer.end) % height
    let rows = start..<min(height, start + count % height + 1)
    let touching = live.filter { $0.rows.overlaps(rows) }
    let kept = touching.filter { divisor > 1 && $0.x % divisor == 0 }
    let victims = touching.filter { divisor <= 1 || $0.x % divisor != 0 }
    let size = (width: count % 80 + 1, height: count % 40 + 1)
    let fits = packer.fits(width: size.width, height: size.height, in: rows, around: kept)
    let hadMap = packer.map != nil
    packer.clear(rows, of: victims, around: kept)
    live.removeAll { $0.rows.overlaps(rows) }
    live += kept
    for place in victims { set(place, false) }
    checkNumbers()
    for row in rows { cleared[row] = true }
    isPartlyKnown = !live.isEmpty
    if hadMap && packer.map == nil && !live.isEmpty {
      precondition(!cleared.contains(false), "what came back is forgotten")
    }
    if kept.isEmpty {
      var copy = packer
      let place = copy.insert(width: width, height: rows.count)
      precondition(place != nil, "\(rows) are cleared, and not free")
    }
    if fits {
      guard let place = packer.insert(width: size.width, height: size.height) else {
        preconditionFailure("\(size) fits into \(rows)")
      }
      add(place, size.width, size.height)
    }
  }

  /// - Parameter index: Of those that are there; nil for the last.
  mutating func remove(_ index: Int?) {
    if live.isEmpty { return }
    let place = live.remove(at: index.map { $0 % live.count } ?? live.count - 1)
    let free = packer.map == nil ? packer.free : []
    set(place, false)
    packer.remove(place)
    checkNumbers()
    if live.isEmpty {
      isPartlyKnown = false
    } else if let map = packer.map {
      for place in free + [place] {
        precondition(map.isFree(place), "\(place) was free, or became so")
      }
      cleared = [Bool](repeating: false, count: height)
    } else {
      precondition(packer.free.area == free.area + place.area, "\(place) came back to its strip")
    }
  }

  mutating func tell() {
    var told: [TexelRectangle] = []
    packer.tellNew { told.append($0) }
    var isTold = [Bool](repeating: false, count: width * height)
    for place in told {
      for pixel in pixels(of: place) {
        precondition(isNew[pixel], "\(place) is told, and did not come")
        isTold[pixel] = true
      }
    }
    for place in new {
      for pixel in pixels(of: place) { precondition(isTold[pixel], "\(place) is not told") }
    }
    new = []
    isNew = [Bool](repeating: false, count: width * height)
  }

  mutating func end() {
    packer.checkInvariants()
    if var map = packer.map {
      for place in live { precondition(map.free(place), "\(place) is free on the map") }
      let page = TexelRectangle(x: 0, y: 0, width: width, height: height)
      precondition(isPartlyKnown || map.isFree(page), "nobody's place is taken")
    }
    for place in live { packer.remove(place) }
    precondition(packer.insert(width: width, height: height) != nil)
  }

  private func pixels(of place: TexelRectangle) -> some Sequence<Int> {
    place.rows.lazy.flatMap { [width] y in place.columns.lazy.map { y * width + $0 } }
  }

  private mutating func set(_ place: TexelRectangle, _ isTaken: Bool) {
    for pixel in pixels(of: place) {
      precondition(taken[pixel] != isTaken, "\(place) is nobody's, or somebody else's")
      taken[pixel] = isTaken
    }
    if !isTaken { new.remove(place) }
  }

  private func checkNumbers() {
    precondition(packer.usedArea == live.area && packer.count == live.count)
  }
}

extension SkylinePacker {
  /// What is known to be free, as long as there is no map.
  fileprivate var free: [TexelRectangle] {
    var free = strips.all + holes.all
    skyline.gaps(above: end) { free.append($0) }
    return free
  }
}

extension [TexelRectangle] {
  fileprivate var area: Int { reduce(0) { $0 + $1.area } }
}
