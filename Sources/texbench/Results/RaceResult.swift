/// What a comparison came to.
struct RaceResult: Codable {
  let title, item: String
  let clock: Clock
  /// The route that ratios are given to.
  let limit: String
  /// The route that gains are given over.
  var rival: String?
  /// What grows from one route to the next.
  var axis: String?
  var routes: [RouteResult]

  /// The route that all are compared to.
  var limitResult: RouteResult? { routes.first { $0.name == limit } }

  /// Has routes warn of what speaks against them, if anything.
  mutating func warn(_ doubt: String?) {
    for place in routes.indices where routes[place].warning == nil { routes[place].warning = doubt }
  }
}
