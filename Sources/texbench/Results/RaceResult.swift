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

/// What accesses to write-combining memory cost, where there is none to measure them on.
///
/// Writes leave by themselves while the processor goes on, and hold it up only where they take longer
/// than the stage that makes them; a load waits for memory, each time.
struct WriteCombiningModel: Codable, Equatable {
  /// Nanoseconds of the bus for a whole line: 64 bytes at 8 GB/s.
  var busWrite = 8.0
  /// Nanoseconds of the bus for a line that left with a part: eight bytes at a time, half of them.
  var partialWrite = 32.0
  /// Nanoseconds that the processor waits for a load.
  var load = 200.0

  /// - Parameters:
  ///   - items: How many the accesses are for.
  ///   - cpu: Nanoseconds that an item takes on cached memory.
  ///   - writing: Those of them in which it is written.
  func cost(
    of counts: AccessCounts, items: Int = 1, cpu: Double, writing: Double
  ) -> ModelledCost {
    let writes =
      Double(counts.fullLineWrites) * busWrite + Double(counts.partialLineWrites) * partialWrite
    let bus = writes / Double(items)
    let stalls = Double(counts.loads) * load / Double(items)
    return ModelledCost(
      counts: counts, bus: bus, stalls: stalls, total: cpu + max(0, bus - writing) + stalls)
  }
}
