internal import ProgramSupport

/// A comparison under way: its routes take turns until their ratios are steady or time is up.
struct Race {
  private let comparison: Comparison
  private let entrants: [Entrant]
  /// Routes that could not be made ready, each with the reason.
  let omissions: [Omission]

  /// - Throws: Where there are no routes, or the limit itself cannot be made ready.
  init(_ comparison: Comparison) throws {
    guard !comparison.routes.isEmpty else { throw ProgramFailure("there are no routes") }
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

  /// Whether of several routes only one is ready.
  var hasOneRouteLeft: Bool { entrants.count == 1 && !omissions.isEmpty }

  /// Where a buffer happens to lie among the caches makes one decode of it some hundredths faster than
  /// another, for as long as it lies there. So everything is made ready anew between some heats, in
  /// another order.
  private static let heats = 4

  /// - Parameters:
  ///   - seconds: For all turns together; each route has a pair in each heat at least.
  ///   - pairs: That are enough where all ratios are steady.
  /// - Throws: Where a route fails that was ready.
  func run(for seconds: Double, atLeast pairs: Int, progress: (String) -> Void) throws {
    var turns = Turns(of: entrants.count)
    var count = 0
    for heat in 1...Self.heats {
      if heat > 1 {
        for entrant in entrants { entrant.retire() }
        for place in turns.next() { try with(entrants[place]) { try $0.prepare() } }
      }
      let start = ContinuousClock.now
      var isOver: Bool {
        (ContinuousClock.now - start) / .seconds(1) >= seconds / Double(Self.heats)
          || count >= pairs * heat / Self.heats && isSteady
      }
      repeat {
        for place in turns.nextPair() { try with(entrants[place]) { try $0.takeTurn() } }
        count += 1
        progress("\(comparison.title): \(count) pairs")
      } while !isOver
    }
  }

  /// What the body throws names the route.
  private func with(_ entrant: Entrant, _ body: (Entrant) throws -> Void) throws {
    do { try body(entrant) } catch { throw ProgramFailure("\(entrant.route.name): \(error)") }
  }

  private var isSteady: Bool {
    let limit = limit
    return entrants.allSatisfy { $0.isSteady(beside: limit, comparison.clock) }
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
      isMain: comparison.isMain,
      routes: entrants.map { entrant in
        RouteResult(
          of: entrant, by: comparison.clock, limit: limit,
          rival: entrant === rival ? nil : rival)
      })
  }
}

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
