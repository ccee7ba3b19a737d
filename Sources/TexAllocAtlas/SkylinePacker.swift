/// Packs rectangles into a page and takes them back: numbers only, no memory.
///
/// What is taken ends at a *skyline*; below it, all is free as far as an end: at first that of the page.
/// What is free elsewhere, gaps that rectangles left and places that came back, is remembered as *holes*. A
/// rectangle goes into the hole that it fills best, or else where the skyline lets it stand highest: small
/// ones in *strips*, for several of one height.
///
/// Places come back one by one, or those that touch some rows, but for some that stay: what comes is placed
/// round these. Where they are the rows behind the end, the skyline goes on into them, and the page is filled
/// round and round; otherwise it begins anew with them. What comes next comes hardly anywhere else, so that what
/// came at the same time can go at the same time.
/// Where places came back one by one, a map of all pixels knows what is really free, so that those side by
/// side are one.
struct SkylinePacker: Sendable {
  let width, height: Int
  /// How many rectangles are in it.
  var count = 0
  /// Pixels that they take.
  var usedArea = 0
  var skyline: Skyline
  /// The row behind the last that is free below the skyline.
  var end: Int
  var holes = HoleSet()
  var strips = StripSet()
  /// What was given out, but for runs in strips, as long as nothing came back.
  var places: [SmallRectangle]? = []
  /// What was given out, but for those, and nobody was told of.
  private var new: [SmallRectangle] = []
  /// Of all pixels, where places came back one by one: then room may be anywhere, and holes may be taken.
  var map: TexelBitmap?
  /// How many rows were cleared one behind the other, from the last back to the first, since a place came back
  /// alone: when those are all, there is no map any more.
  var clearedRows = 0

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

  private mutating func giveOut(_ place: TexelRectangle) -> TexelRectangle {
    count += 1
    usedArea += place.area
    enter(place)
    return place
  }

  private mutating func enter(_ place: TexelRectangle) {
    let small = SmallRectangle(place)
    new.append(small)
    places?.append(small)
    map?.take(place)
  }

  mutating func enterRuns() {
    let first = new.count
    strips.endRuns(into: &new)
    places?.append(contentsOf: new[first...])
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
    let stripWidth = self.width / (places == nil ? 6 : self.width < 1024 ? 8 : 4)
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

  mutating func lowerSkyline(to place: TexelRectangle) {
    skyline.lower(place) { gap in
      if Self.isRoom(gap) { holes.insert(gap) }
    }
  }

  mutating func rememberGaps(above row: Int) {
    skyline.gaps(above: row) { gap in
      if Self.isRoom(gap) { holes.insert(gap) }
    }
  }

  mutating func remember(_ hole: TexelRectangle) {
    if Self.isRoom(hole) { holes.insert(hole) }
  }

  /// What is smaller either way holds nothing.
  static func isRoom(_ hole: TexelRectangle) -> Bool { hole.width >= 3 && hole.height >= 3 }
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
