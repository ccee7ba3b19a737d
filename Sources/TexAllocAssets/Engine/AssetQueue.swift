/// What waits, the most urgent first: a binary heap of numbers, which knows where each of them is.
/// Adding, removing and changing one takes a step for each doubling of what waits.
struct AssetQueue {
  /// What decides: priority, then order.
  struct Key: Comparable {
    let priority: Int32
    let order: UInt64

    /// Whether it comes later.
    static func < (left: Key, right: Key) -> Bool {
      left.priority != right.priority
        ? left.priority < right.priority : left.order > right.order
    }
  }

  private struct Entry {
    var key: Key
    let number: Int
  }

  private var entries: [Entry] = []
  /// By number, where its entry is; -1 where it is not.
  private var places: [Int] = []

  var count: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }
  /// The most urgent.
  var first: (number: Int, key: Key)? { entries.first.map { ($0.number, $0.key) } }

  func contains(_ number: Int) -> Bool { number < places.count && places[number] >= 0 }

  /// - Parameter number: A small one that is not in it.
  mutating func insert(_ number: Int, _ key: Key) {
    while places.count <= number { places.append(-1) }
    precondition(places[number] < 0)
    entries.append(Entry(key: key, number: number))
    places[number] = entries.count - 1
    rise(from: entries.count - 1)
  }

  mutating func change(_ number: Int, to key: Key) {
    let place = places[number]
    let isLater = key < entries[place].key
    entries[place].key = key
    if isLater { sink(from: place) } else { rise(from: place) }
  }

  mutating func remove(_ number: Int) {
    let place = places[number]
    places[number] = -1
    let last = entries.removeLast()
    if place == entries.count { return }
    let isLater = last.key < entries[place].key
    entries[place] = last
    places[last.number] = place
    if isLater { sink(from: place) } else { rise(from: place) }
  }

  mutating func popFirst() -> Int? {
    guard let number = entries.first?.number else { return nil }
    remove(number)
    return number
  }

  private mutating func rise(from place: Int) {
    var place = place
    let entry = entries[place]
    while place > 0 {
      let above = (place - 1) / 2
      guard entries[above].key < entry.key else { break }
      move(above, to: place)
      place = above
    }
    put(entry, at: place)
  }

  private mutating func sink(from place: Int) {
    var place = place
    let entry = entries[place]
    while true {
      var below = 2 * place + 1
      guard below < entries.count else { break }
      if below + 1 < entries.count && entries[below].key < entries[below + 1].key { below += 1 }
      guard entry.key < entries[below].key else { break }
      move(below, to: place)
      place = below
    }
    put(entry, at: place)
  }

  private mutating func move(_ from: Int, to place: Int) { put(entries[from], at: place) }

  private mutating func put(_ entry: Entry, at place: Int) {
    entries[place] = entry
    places[entry.number] = place
  }
}
