extension RaceResult {
  /// Adds what a route would cost if its memory were write-combining.
  ///
  /// - Parameters:
  ///   - counts: Of one item of the route.
  ///   - foretold: The same route on memory that is write-combining.
  mutating func addModel(
    of name: String, _ counts: AccessCounts, foretelling foretold: String?,
    by model: WriteCombiningModel
  ) {
    guard let route = routes.first(where: { $0.name == name }), let cpu = route.cpu?.median
    else { return }
    var cost = model.cost(of: counts, cpu: cpu)
    if let measured = routes.first(where: { $0.name == foretold })?.cpu?.median {
      cost.error = cost.total / measured - 1
    }
    routes.append(RouteResult(route, modelled: cost, cpu: cpu))
  }
}
