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
}
