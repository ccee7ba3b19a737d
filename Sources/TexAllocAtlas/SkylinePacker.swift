/// Packs rectangles into a page and takes them back: numbers only, no memory.
///
/// What is taken ends at a *skyline*; below it, all is free as far as an end: at first that of the page.
/// What is free elsewhere, gaps that rectangles left and places that came back, is remembered as *holes*. A
/// rectangle goes into the hole that it fills best, or else where the skyline lets it stand highest: small
/// ones in *strips*, for several of one height.
///
/// Places come back one by one, or all that touch some rows. Where these are the rows behind the end, the
/// skyline goes on into them, and the page is filled round and round; otherwise it begins anew with them.
/// What comes next comes hardly anywhere else, so that what came at the same time can go at the same time.
/// Where places came back one by one, a map of all pixels knows what is really free, so that those side by
/// side are one.
struct SkylinePacker: Sendable {
  let width, height: Int
  /// How many rectangles are in it.
  private(set) var count = 0
  /// Pixels that they take.
  private(set) var usedArea = 0
  private var skyline: Skyline
  /// The row behind the last that is free below the skyline.
  private(set) var end: Int
  private var holes = HoleSet()
  private var strips = StripSet()
  /// What was given out, but for runs in strips, as long as nothing came back.
  private var places: [SmallRectangle]? = []
  /// What was given out, but for those, and nobody was told of.
  private var new: [SmallRectangle] = []
  /// Of all pixels, where places came back one by one: then room may be anywhere, and holes may be taken.
  private var map: TexelBitmap?
  /// How many rows were cleared one behind the other, from the last back to the first, since a place came back
  /// alone: when those are all, there is no map any more.
  private var clearedRows = 0

  init(width: Int, height: Int) {
    precondition(1...Self.largestSide ~= width && 1...Self.largestSide ~= height)
    (self.width, self.height) = (width, height)
    (skyline, end) = (Skyline(width: width, top: 0), height)
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

  /// How much was given out since the last time that it was told, about.
  var newCount: Int { new.count }

  /// Tells what was given out since the last time; neighbours may be one.
  mutating func tellNew(_ body: (TexelRectangle) -> Void) {
    enterRuns()
    for place in new { body(place.rectangle) }
    new.removeAll(keepingCapacity: true)
  }

  /// Takes back a place that was given out.
  ///
  /// - Returns: The room that there is now around it.
  @discardableResult
  mutating func remove(_ place: TexelRectangle) -> Room {
    let isOfStrip = strips.giveBack(place)
    if !isOfStrip { freeOnMap(place) }
    count -= 1
    usedArea -= place.area
    if count == 0 { empty() }
    guard count > 0, !isOfStrip, let map else { return .open }
    if skyline.endsWith(place) {
      // What came back above it before is free, too.
      let top = map.freeRows(around: place, limit: Self.reach).lowerBound
      skyline.raise(place.columns, to: top)
      return .open
    }
    return remember(place, map)
  }

  /// Takes back all places that touch some rows, for what comes next. What they took of other rows comes back
  /// with those.
  ///
  /// - Parameter places: All of them.
  mutating func clear(_ rows: Range<Int>, of places: [TexelRectangle]) {
    count -= places.count
    for place in places { usedArea -= place.area }
    enterRuns()
    if count == 0 { return empty() }
    self.places = nil
    if rows.lowerBound != end % height { clearedRows = 0 }
    if rows.lowerBound != end {
      skyline.gaps(above: end) { if Self.isRoom($0) { holes.insert($0) } }
      skyline = Skyline(width: width, top: rows.lowerBound)
    }
    end = rows.upperBound
    if map == nil { forgetRoom(before: rows) } else { freeOnMap(rows) }
  }

  private mutating func freeOnMap(_ place: TexelRectangle) {
    if map == nil { drawMap() }
    clearedRows = 0
    guard count > 0, map?.free(place) == true else { preconditionFailure("\(place) is nobody's") }
  }

  private mutating func freeOnMap(_ rows: Range<Int>) {
    _ = map?.free(TexelRectangle(x: 0, y: rows.lowerBound, width: width, height: rows.count))
    clearedRows += rows.count
    if clearedRows >= height {
      map = nil
      holes.removeAll()
    }
  }

  /// Forgets holes and strips in rows that are cleared, and more than half a page before: what came there
  /// would go sooner than what came at the same time.
  private mutating func forgetRoom(before rows: Range<Int>) {
    let height = height
    func isOver(_ place: TexelRectangle) -> Bool {
      let distance = rows.lowerBound - place.rows.upperBound
      return place.rows.overlaps(rows)
        || (distance < 0 ? distance + height : distance) >= height / 2
    }
    strips.removeAll(where: isOver)
    holes.removeAll(where: isOver)
  }

  private mutating func empty() {
    holes.removeAll()
    strips.removeAll()
    (places, map) = ([], nil)
    (skyline, end) = (Skyline(width: width, top: 0), height)
  }

  /// All is taken that was given out, or that is not known to be free.
  private mutating func drawMap() {
    enterRuns()
    var map = TexelBitmap(width: width, height: height)
    if let places {
      for place in places { map.take(place.rectangle) }
    } else {
      map.take(TexelRectangle(x: 0, y: 0, width: width, height: height))
      skyline.gaps(above: end) { _ = map.free($0) }
      for place in strips.all + holes.all { _ = map.free(place) }
    }
    for place in strips.all { remember(place) }
    strips.removeAll()
    (self.map, places) = (map, nil)
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
    new.append(small)
    if map == nil { places?.append(small) } else { map?.take(place) }
  }

  private mutating func enterRuns() {
    for height in 1...StripSet.highest {
      if let run = strips.endRun(ofHeight: height) { enter(run) }
    }
  }

  /// In the lowest strip with room that is too high.
  private mutating func placeInHigherStrip(_ width: Int, _ height: Int) -> TexelRectangle? {
    if map != nil { return nil }
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
  /// full: of a small page, or of the few rows that are filled again, too much.
  private mutating func beginStrip(for width: Int, _ height: Int) -> Bool {
    let stripWidth = self.width / (self.width < 1024 || places == nil ? 8 : 4)
    guard map == nil, width * Self.smallestStrip <= stripWidth, height <= StripSet.highest,
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
      if map == nil {
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
        if place.y < end { skyline.lower(place) }
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
    skyline.place(width, height, above: end) { gap in
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
  /// Traps where what is known to be free overlaps, or is more than can be.
  func checkInvariants() {
    skyline.checkInvariants()
    var free = TexelBitmap(width: width, height: height)
    var area = 0
    func add(_ place: TexelRectangle) {
      precondition(free.isFree(place), "\(place) is in two")
      free.take(place)
      area += place.area
    }
    skyline.gaps(above: end) { gap in
      add(gap)
      precondition(map?.isFree(gap) ?? true, "\(gap) is taken, and below the skyline")
    }
    if map == nil { for place in strips.all + holes.all { add(place) } }
    precondition(area <= width * height - usedArea, "\(area) pixels are free")
  }
}
