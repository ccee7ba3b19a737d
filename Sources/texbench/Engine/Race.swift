/// A comparison under way: its routes take turns until their ratios are steady or time is up.
struct Race {
  private let comparison: Comparison
  private let entrants: [Entrant]
  /// Routes that could not be made ready, each with the reason.
  let omissions: [Omission]

  /// - Throws: Where the limit itself cannot be made ready.
  init(_ comparison: Comparison) throws {
    self.comparison = comparison
    var entrants: [Entrant] = []
    var omissions: [Omission] = []
    for (place, route) in comparison.routes.enumerated() {
      do {
        entrants.append(try Entrant(route, looksAtMemory: comparison.looksAtMemory))
      } catch {
        guard place >= comparison.limits else { throw error }
        omissions.append(Omission(what: "\(comparison.title): \(route.name)", reason: "\(error)"))
      }
    }
    self.entrants = entrants
    self.omissions = omissions
  }

  /// - Parameter seconds: For all turns together; each route has two at least.
  func run(for seconds: Double, atLeast pairs: Int, progress: (String) -> Void) throws {
    let start = ContinuousClock.now
    var turns = Turns(of: entrants.count)
    var count = 0
    repeat {
      for place in turns.nextPair() { try entrants[place].takeTurn() }
      count += 1
      progress("\(comparison.title): \(count) pairs")
    } while (ContinuousClock.now - start) / .seconds(1) < seconds && !(count >= pairs && isSteady)
  }

  private var isSteady: Bool {
    let limit = limit
    return entrants.allSatisfy { entrant in
      entrant === limit
        || RatioEstimate(entrant.ratios(to: limit, comparison.clock)).width <= Effort.steadyWidth
    }
  }

  /// The fastest of the routes that are the limits.
  private var limit: Entrant {
    entrants[..<comparison.limits].min {
      $0.median(comparison.clock) < $1.median(comparison.clock)
    } ?? entrants[0]
  }
}

extension Race {
  /// What the turns so far amount to.
  var result: RaceResult {
    let limit = limit
    let rival = entrants.first { $0.route.name == comparison.rival }
    return RaceResult(
      title: comparison.title, item: comparison.item, clock: comparison.clock,
      limit: limit.route.name, rival: rival?.route.name, axis: comparison.axis,
      routes: entrants.map { entrant in
        RouteResult(
          of: entrant, by: comparison.clock, limit: limit,
          rival: entrant === rival ? nil : rival)
      })
  }
}
