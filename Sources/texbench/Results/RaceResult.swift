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
  /// Whether it is one of the few that a reader sees first.
  var isMain = false
  var routes: [RouteResult]

  /// The route that all are compared to.
  var limitResult: RouteResult? { routes.first { $0.name == limit } }

  /// Has routes warn of what speaks against them, if anything.
  mutating func warn(_ doubt: String?) {
    for place in routes.indices where routes[place].warning == nil { routes[place].warning = doubt }
  }
}

extension RaceResult {
  /// Adds what a route would cost if its memory were write-combining.
  ///
  /// - Parameters:
  ///   - counts: Of a turn of the route, which does so many items.
  ///   - foretold: The same route on memory that is write-combining.
  mutating func addModel(
    of name: String, _ counts: AccessCounts, items: Int, foretelling foretold: String?,
    by model: WriteCombiningModel
  ) {
    guard let route = routes.first(where: { $0.name == name }), let cpu = route.cpu?.median
    else { return }
    var cost = model.cost(of: counts, items: items, cpu: cpu, writing: route.writing ?? cpu)
    if let measured = routes.first(where: { $0.name == foretold })?.cpu?.median {
      cost.error = cost.total / measured - 1
    }
    routes.append(RouteResult(route, modelled: cost, cpu: cpu))
  }
}

extension RouteResult {
  /// Nanoseconds of the processor for the stage that writes the item's memory: where nothing is copied,
  /// that is the decode. Nil for a route without stages, which writes all along.
  fileprivate var writing: Double? {
    let stage = stages.first { $0.stage == .write } ?? stages.first { $0.stage == .decode }
    return stage?.cost.cpu
  }
}
