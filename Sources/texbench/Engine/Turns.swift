/// Who comes when, in turns and in getting ready. Every order is followed by its reverse, so that a
/// machine that grows slower, or what a route leaves in the caches for the next, favours nobody; the
/// next order is drawn anew.
struct Turns {
  private var random = SplitMix64(seed: 1)
  private var order: [Int]

  /// - Parameter count: Of the routes.
  init(of count: Int) { order = Array(0..<count) }

  /// An order that is drawn anew.
  mutating func next() -> [Int] {
    order.shuffle(using: &random)
    return order
  }

  /// Two rounds, in each of which every route has one turn.
  mutating func nextPair() -> [Int] {
    let order = next()
    return order + order.reversed()
  }
}
