extension RouteResult {
  init(of entrant: Entrant, by clock: Clock, limit: Entrant, rival: Entrant?) {
    name = entrant.route.name
    position = entrant.route.position
    isOurs = entrant.route.isOurs
    warning = entrant.route.warning
    cpu = Quartiles(entrant.costs.map(\.cpu))
    wall = Quartiles(entrant.costs.map(\.wall))
    ratio = entrant.ratio(to: limit, clock)
    gain = rival.map { $0.ratio(to: entrant, clock) }
    goal = entrant.route.goal
    isSteady = entrant.isSteady(beside: limit, clock)
    pairs = entrant.costs.count
    pageFaults = Quartiles(entrant.faults).median
    memory = entrant.memory
    stages = Stage.allCases.compactMap { stage in
      entrant.stages[stage].map { costs in
        StageResult(
          stage: stage,
          cost: Cost(
            cpu: Quartiles(costs.map(\.cpu)).median, wall: Quartiles(costs.map(\.wall)).median))
      }
    }
  }
}
