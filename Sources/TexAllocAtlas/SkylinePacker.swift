/// Packs rectangles into a page and takes them back: numbers only, no memory.
///
/// A page is one *bed* at first: what is taken begins at its top, and ends at a *skyline*; everything
/// below is free. What is free above it, gaps that rectangles left and places that came back, is
/// remembered as *holes*. A rectangle goes into the hole that it fills best, or else where the skyline
/// lets it stand highest: small ones in *strips*, for several of one height.
///
/// Places come back one by one, or all that touch some rows. The rows are a new bed then, to which what
/// comes next is confined, so that what came at the same time can go at the same time; what is left of the
/// bed before may be kept for small ones. Where places came back one by one, a map of all pixels knows what is really free, so that those side by side are one.
struct SkylinePacker: Sendable {
  let width, height: Int
  /// How many rectangles are in it.
  private(set) var count = 0
  /// Pixels that they take.
  private(set) var usedArea = 0
  /// From top to bottom.
  private var beds: [Bed]
  /// The bed where there was room the last time.
  private var latest = 0
  private var holes = HoleSet()
  private var strips = StripSet()
  /// What was given out, as long as there is no map, but for the runs in strips.
  private var unmapped: [SmallRectangle] = []
  /// What was given out, but for those, and nobody was told of.
  private var untold: [SmallRectangle] = []
  private var map: TexelBitmap?
  /// Whether places came back one by one since rows were cleared: then room may be anywhere, and holes
  /// may be taken.
  private var isMixed = false

  /// Rows with a skyline of their own.
  private struct Bed {
    var rows: Range<Int>
    var skyline: Skyline
  }

  init(width: Int, height: Int) {
    precondition(1...Self.largestSide ~= width && 1...Self.largestSide ~= height)
    (self.width, self.height) = (width, height)
    beds = [Bed(rows: 0..<height, skyline: Skyline(width: width, top: 0))]
  }

  /// Pixels that a side has at most.
  static let largestSide = 32_768

  /// A place for a rectangle of positive size, or nil where none is known.
  mutating func insert(width: Int, height: Int) -> TexelRectangle? {
    precondition(width > 0 && height > 0)
    if let place = insertInStrip(width: width, height: height) { return place }
    guard width <= self.width, height <= self.height else { return nil }
    if let place = placeInHole(width, height) { return giveOut(place) }
    if beginStrip(for: width, height) { return insertInStrip(width: width, height: height) }
    guard let place = placeBelow(width, height) ?? placeInHigherStrip(width, height) else {
      return nil
    }
    return giveOut(place)
  }

  /// The same where a strip of that height has room.
  @inline(__always)
  mutating func insertInStrip(width: Int, height: Int) -> TexelRectangle? {
    guard let place = strips.take(width, ofHeight: height) else { return nil }
    count += 1
    usedArea += width * height
    return place
  }

  /// How much nobody was told of, about.
  var untoldCount: Int { untold.count }

  /// Tells what was given out since the last time; neighbours may be one.
  mutating func tell(_ body: (TexelRectangle) -> Void) {
    enterRuns()
    for place in untold { body(place.rectangle) }
    untold.removeAll(keepingCapacity: true)
  }

  /// Takes back a place that was given out.
  ///
  /// - Returns: The room that there is now around it.
  @discardableResult
  mutating func remove(_ place: TexelRectangle) -> Room {
    drawMap()
    if !isMixed {
      isMixed = true
      enterRuns()
      for rest in strips.removeAll() { remember(rest) }
    }
    guard count > 0, map?.free(place) == true else { preconditionFailure("\(place) is nobody's") }
    count -= 1
    usedArea -= place.width * place.height
    if count == 0 {
      empty()
      return .open
    }
    guard let map else { preconditionFailure("a map was drawn") }
    if let bed = beds.firstIndex(where: {
      $0.rows.lowerBound <= place.y && place.rows.upperBound <= $0.rows.upperBound
    }),
      beds[bed].skyline.endsWith(place)
    {
      // What came back above it before is free, too.
      let top = map.freeRows(around: place, limit: Self.reach).lowerBound
      beds[bed].skyline.raise(place.columns, to: max(top, beds[bed].rows.lowerBound))
      return .open
    }
    return remember(place, map)
  }

  /// Takes back all places that touch some rows, which are a bed of their own then.
  ///
  /// - Parameters:
  ///   - places: All of them.
  ///   - keepsRoom: Whether what is left of the bed that was filled last is filled further: what comes there
  ///     comes hardly later than what is there.
  /// - Returns: False where there are others; then nothing has changed.
  mutating func clear(
    _ rows: Range<Int>, of places: [TexelRectangle], keepsRoom: Bool
  ) -> Bool {
    enterRuns()
    if map == nil {
      let kept = unmapped.filter { !$0.rectangle.rows.overlaps(rows) }
      func area(_ rectangles: [SmallRectangle]) -> Int { rectangles.reduce(0) { $0 + $1.area } }
      guard area(unmapped) - area(kept) == places.reduce(0, { $0 + $1.area }) else { return false }
      unmapped = kept
    } else {
      for place in places { _ = map?.free(place) }
      let strip = TexelRectangle(x: 0, y: rows.lowerBound, width: width, height: rows.count)
      guard map?.isFree(strip) == true else {
        for place in places { map?.take(place) }
        return false
      }
    }
    count -= places.count
    for place in places { usedArea -= place.width * place.height }
    if count == 0 {
      empty()
      return true
    }
    let kept = keepsRoom && !isMixed ? closeLatestBed() : []
    forgetRoom()
    makeBed(rows)
    for hole in kept where !hole.rows.overlaps(rows) { remember(hole) }
    return true
  }

  /// Answers what is left of the bed that was filled last. It is no more below a skyline.
  private mutating func closeLatestBed() -> [TexelRectangle] {
    let rows = beds[latest].rows
    var left: [TexelRectangle] = []
    beds[latest].skyline.close(at: rows.upperBound) { left.append($0) }
    return left + (strips.removeAll() + holes.all).filter { rows.contains($0.rows) }
  }

  private mutating func makeBed(_ rows: Range<Int>) {
    var cut: [Bed] = []
    for bed in beds {
      let above = bed.rows.clamped(to: 0..<rows.lowerBound)
      if !above.isEmpty { cut.append(Bed(rows: above, skyline: bed.skyline)) }
      let below = bed.rows.clamped(to: rows.upperBound..<height)
      if !below.isEmpty {
        var rest = Bed(rows: below, skyline: bed.skyline)
        rest.skyline.lower(
          TexelRectangle(x: 0, y: 0, width: width, height: below.lowerBound))
        cut.append(rest)
      }
    }
    latest = cut.firstIndex { $0.rows.lowerBound > rows.lowerBound } ?? cut.count
    cut.insert(Bed(rows: rows, skyline: Skyline(width: width, top: rows.lowerBound)), at: latest)
    beds = cut
  }

  private mutating func forgetRoom() {
    holes.removeAll()
    _ = strips.removeAll()
    isMixed = false
  }

  private mutating func empty() {
    forgetRoom()
    unmapped.removeAll(keepingCapacity: true)
    map = nil
    beds = [Bed(rows: 0..<height, skyline: Skyline(width: width, top: 0))]
    latest = 0
  }

  private mutating func drawMap() {
    guard map == nil else { return }
    var drawn = TexelBitmap(width: width, height: height)
    for place in unmapped { drawn.take(place.rectangle) }
    unmapped = []
    map = drawn
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

  private mutating func giveOut(_ place: TexelRectangle) -> TexelRectangle {
    count += 1
    usedArea += place.area
    enter(place)
    return place
  }

  private mutating func enter(_ place: TexelRectangle) {
    let small = SmallRectangle(place)
    untold.append(small)
    if map == nil { unmapped.append(small) } else { map?.take(place) }
  }

  private mutating func enterRuns() {
    for height in 1...StripSet.highest {
      if let run = strips.endRun(ofHeight: height) { enter(run) }
    }
  }

  /// In the lowest strip with room that is too high.
  private mutating func placeInHigherStrip(_ width: Int, _ height: Int) -> TexelRectangle? {
    if isMixed { return nil }
    var strip = height + 1
    while strip <= StripSet.highest {
      if let place = strips.take(width, ofHeight: strip) {
        if let run = strips.endRun(ofHeight: strip, without: width) { enter(run) }
        remember(
          TexelRectangle(x: place.x, y: place.y + height, width: width, height: strip - height))
        return TexelRectangle(x: place.x, y: place.y, width: width, height: height)
      }
      strip += 1
    }
    return nil
  }

  /// Begins a strip for a rectangle and some like it, where it is small and there is room; answers whether.
  ///
  /// The wider strips are, the fewer there are to begin, and the more of the page is in some that are never
  /// full: of a small page, too much.
  private mutating func beginStrip(for width: Int, _ height: Int) -> Bool {
    let stripWidth = self.width / (self.width < 1024 ? 8 : 4)
    guard !isMixed, width * Self.smallestStrip <= stripWidth, height <= StripSet.highest,
      let strip = placeBelow(stripWidth, height)
    else { return false }
    if let run = strips.endRun(ofHeight: height) { enter(run) }
    remember(strips.begin(strip))
    return true
  }

  /// How many rectangles a strip has room for at least.
  private static let smallestStrip = 5

  private mutating func placeInHole(_ width: Int, _ height: Int) -> TexelRectangle? {
    while let hole = holes.takeBest(width, height) {
      if !isMixed {
        let place = TexelRectangle(x: hole.x, y: hole.y, width: width, height: height)
        split(hole, without: place)
        return place
      }
      for corner in 0..<4 {
        let place = TexelRectangle(
          x: corner & 1 == 0 ? hole.x : hole.x + hole.width - width,
          y: corner & 2 == 0 ? hole.y : hole.y + hole.height - height, width: width, height: height)
        guard map?.isFree(place) == true else { continue }
        rememberRest(of: hole, without: place)
        for bed in beds.indices where beds[bed].rows.overlaps(place.rows) {
          beds[bed].skyline.lower(place)
        }
        return place
      }
    }
    return nil
  }

  /// Keeps what is left of a hole beside a place in its upper left corner, and below it, the larger of
  /// the two with the part where they meet.
  private mutating func split(_ hole: TexelRectangle, without place: TexelRectangle) {
    let (restWidth, restHeight) = (hole.width - place.width, hole.height - place.height)
    let goesDown = restWidth * hole.height >= restHeight * hole.width
    let beside = TexelRectangle(
      x: hole.x + place.width, y: hole.y, width: restWidth,
      height: goesDown ? hole.height : place.height)
    let below = TexelRectangle(
      x: hole.x, y: hole.y + place.height, width: goesDown ? place.width : hole.width,
      height: restHeight)
    remember(beside)
    remember(below)
  }

  /// Keeps what is left of a hole beside a place in one of its corners, and above or below it: both
  /// where they meet, too.
  private mutating func rememberRest(of hole: TexelRectangle, without place: TexelRectangle) {
    var (beside, other) = (hole, hole)
    beside.width -= place.width
    if place.x == hole.x { beside.x += place.width }
    remember(beside)
    other.height -= place.height
    if place.y == hole.y { other.y += place.height }
    remember(other)
  }

  private mutating func placeBelow(_ width: Int, _ height: Int) -> TexelRectangle? {
    if let place = place(width, height, inBed: latest) { return place }
    if !isMixed { return nil }
    for bed in beds.indices where bed != latest {
      if let place = place(width, height, inBed: bed) {
        latest = bed
        return place
      }
    }
    return nil
  }

  private mutating func place(_ width: Int, _ height: Int, inBed bed: Int) -> TexelRectangle? {
    let end = beds[bed].rows.upperBound
    return beds[bed].skyline.place(width, height, above: end) { gap in
      if Self.isRoom(gap) { holes.insert(gap) }
    }
  }

  private mutating func remember(_ hole: TexelRectangle) {
    if Self.isRoom(hole) { holes.insert(hole) }
  }

  /// What is smaller either way holds nothing.
  private static func isRoom(_ hole: TexelRectangle) -> Bool { hole.width >= 3 && hole.height >= 3 }

  /// Keeps the two largest free places around one that came back: as wide as can be and then as high,
  /// and the other way round.
  private mutating func remember(_ place: TexelRectangle, _ map: TexelBitmap) -> Room {
    var wide = place
    (wide.x, wide.width) = map.freeColumns(around: wide, limit: Self.reach).startAndCount
    (wide.y, wide.height) = map.freeRows(around: wide, limit: Self.reach).startAndCount
    holes.insert(wide)
    var high = place
    (high.y, high.height) = map.freeRows(around: high, limit: Self.reach).startAndCount
    (high.x, high.width) = map.freeColumns(around: high, limit: Self.reach).startAndCount
    if high != wide { holes.insert(high) }
    return .holes(wide, high)
  }

  /// How far holes are looked for around a place.
  private static let reach = 64
}

extension Range<Int> {
  fileprivate var startAndCount: (Int, Int) { (lowerBound, count) }
}

extension SkylinePacker {
  /// Traps where the skylines, the holes or what was given out contradict each other, or what is counted.
  func checkInvariants() {
    var settled = self
    settled.enterRuns()
    settled.checkPlaces()
  }

  private func checkPlaces() {
    var taken = map ?? TexelBitmap(width: width, height: height)
    for place in unmapped {
      precondition(taken.isFree(place.rectangle), "\(place) was given out twice")
      taken.take(place.rectangle)
    }
    var used = 0
    for bed in beds { bed.skyline.checkInvariants() }
    for y in 0..<height {
      guard let bed = beds.first(where: { $0.rows.contains(y) }) else {
        preconditionFailure("row \(y) is in no bed")
      }
      for x in 0..<width where !taken.isFree(TexelRectangle(x: x, y: y, width: 1, height: 1)) {
        used += 1
        precondition(y < bed.skyline.row(at: x), "\(x), \(y) is taken, and below the skyline")
      }
    }
    precondition(used == usedArea, "\(used) pixels taken, \(usedArea) counted")
  }
}
