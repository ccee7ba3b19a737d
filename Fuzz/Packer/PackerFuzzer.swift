/// What libFuzzer calls: replays events against a packer and checks it after each. An event is three
/// bytes: whether something comes, goes or is told, then a size, which rows are cleared round which places, or
/// which place is given back.
@c(LLVMFuzzerTestOneInput)
public func replay(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let events = unsafe UnsafeBufferPointer(start: start, count: count)
  let (width, height) = (600, 96)
  var packer = SkylinePacker(width: width, height: height)
  var taken = [Bool](repeating: false, count: width * height)
  var live: [TexelRectangle] = []
  // What came since the last time that it was told, and of which pixels.
  var new: Set<TexelRectangle> = []
  var isNew = taken
  var area = 0
  func set(_ place: TexelRectangle, _ isTaken: Bool) {
    for y in place.rows {
      for x in place.columns {
        precondition(taken[y * width + x] != isTaken, "\(place) is nobody's, or somebody else's")
        taken[y * width + x] = isTaken
      }
    }
    area += isTaken ? place.area : -place.area
    if !isTaken { new.remove(place) }
  }
  func add(_ place: TexelRectangle, _ wide: Int, _ high: Int) {
    precondition(place.width == wide && place.height == high)
    set(place, true)
    live.append(place)
    new.insert(place)
    for y in place.rows {
      for x in place.columns { isNew[y * width + x] = true }
    }
  }
  func tell() {
    var isTold = [Bool](repeating: false, count: width * height)
    packer.tellNew { place in
      for y in place.rows {
        for x in place.columns {
          precondition(isNew[y * width + x], "\(place) is told, and did not come")
          isTold[y * width + x] = true
        }
      }
    }
    for place in new {
      for y in place.rows {
        for x in place.columns { precondition(isTold[y * width + x], "\(place) is not told") }
      }
    }
    new = []
    isNew = [Bool](repeating: false, count: width * height)
  }
  for event in stride(from: 0, to: count - 2, by: 3) {
    let (kind, size, other) = unsafe (events[event], events[event + 1], events[event + 2])
    if kind < 150 {
      let (wide, high) = (Int(size) % 80 + 1, Int(other) % 80 + 1)
      if let place = packer.insert(width: wide, height: high) { add(place, wide, high) }
    } else if kind < 160 {
      let start = kind % 2 == 0 && packer.end < height ? packer.end : Int(size) % height
      let rows = start..<min(height, start + Int(other) % 40 + 1)
      let touching = live.filter { $0.rows.overlaps(rows) }
      let divisor = Int(size) % 7
      let kept = touching.filter { divisor > 1 && $0.x % divisor == 0 }
      let victims = touching.filter { divisor <= 1 || $0.x % divisor != 0 }
      let (wide, high) = (Int(other) % 80 + 1, Int(size) % 40 + 1)
      let fits = packer.fits(width: wide, height: high, in: rows, around: kept)
      packer.clear(rows, of: victims, around: kept)
      live.removeAll { $0.rows.overlaps(rows) }
      live += kept
      for place in victims { set(place, false) }
      if fits {
        guard let place = packer.insert(width: wide, height: high) else {
          preconditionFailure("\(wide)x\(high) should fit into rows \(rows)")
        }
        add(place, wide, high)
      }
    } else if kind < 170 {
      tell()
    } else if !live.isEmpty {
      // Half of the time what came last.
      let place = live.remove(at: kind < 210 ? live.count - 1 : Int(other) % live.count)
      set(place, false)
      packer.remove(place)
    }
    precondition(packer.usedArea == area && packer.count == live.count)
  }
  packer.checkInvariants()
  for place in live { packer.remove(place) }
  precondition(packer.insert(width: width, height: height) != nil)
  return 0
}
