/// What a route is to reach.
struct Goal: Codable, Equatable {
  /// To the limit, at most.
  let ratio: Double
  /// Over the rival, at least.
  var gain: Double?
}
