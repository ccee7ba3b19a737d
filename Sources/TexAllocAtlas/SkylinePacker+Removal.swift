extension SkylinePacker {
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

  /// Whether there would be room in some rows for a rectangle of positive size if they were cleared, above what
  /// stays not counted.
  ///
  /// - Parameter kept: What stays.
  func fits(width: Int, height: Int, in rows: Range<Int>, around kept: [TexelRectangle]) -> Bool {
    guard width <= self.width, height <= rows.count else { return false }
    if kept.isEmpty { return true }
    var skyline = Skyline(width: self.width, top: rows.lowerBound)
    for place in kept.sorted(by: { $0.y < $1.y }) { skyline.lower(place) }
    return skyline.place(width, height, above: rows.upperBound) { _ in } != nil
  }

  /// Takes back places that touch some rows, for what comes next. What they took of other rows comes back with
  /// those.
  ///
  /// - Parameters:
  ///   - places: Those that go.
  ///   - kept: All others that touch the rows.
  mutating func clear(
    _ rows: Range<Int>, of places: [TexelRectangle], around kept: [TexelRectangle]
  ) {
    count -= places.count
    for place in places { usedArea -= place.area }
    enterRuns()
    if count == 0 { return empty() }
    self.places = nil
    if rows.lowerBound != end % height { clearedRows = 0 }
    if rows.lowerBound == end {
      // What stayed the last time may go now.
      skyline.limit(to: end)
    } else {
      rememberGaps(above: end)
      skyline = Skyline(width: width, top: rows.lowerBound)
    }
    end = rows.upperBound
    if map == nil { forgetRoom(before: rows) } else { freeOnMap(rows, around: kept) }
    for place in kept.sorted(by: { $0.y < $1.y }) { lowerSkyline(to: place) }
  }

  private mutating func freeOnMap(_ place: TexelRectangle) {
    if map == nil { drawMap() }
    clearedRows = 0
    guard count > 0, map?.free(place) == true else { preconditionFailure("\(place) is nobody's") }
  }

  private mutating func freeOnMap(_ rows: Range<Int>, around kept: [TexelRectangle]) {
    _ = map?.free(TexelRectangle(x: 0, y: rows.lowerBound, width: width, height: rows.count))
    for place in kept { map?.take(place) }
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
