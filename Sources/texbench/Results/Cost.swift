/// What some work took, in nanoseconds.
struct Cost: Codable, Equatable {
  /// Of all threads of the process together.
  var cpu: Double
  /// By the clock on the wall.
  var wall: Double

  static let zero = Cost(cpu: 0, wall: 0)

  subscript(clock: Clock) -> Double {
    switch clock {
    case .cpu: cpu
    case .wall: wall
    }
  }

  static func + (left: Cost, right: Cost) -> Cost {
    Cost(cpu: left.cpu + right.cpu, wall: left.wall + right.wall)
  }

  static func - (left: Cost, right: Cost) -> Cost {
    Cost(cpu: left.cpu - right.cpu, wall: left.wall - right.wall)
  }

  static func / (cost: Cost, divisor: Double) -> Cost {
    Cost(cpu: cost.cpu / divisor, wall: cost.wall / divisor)
  }
}

/// Which of its two figures a comparison goes by.
enum Clock: String, Codable {
  /// For work of one thread: what others do on the machine hardly shows.
  case cpu = "CPU"
  /// For work of several threads.
  case wall
}

/// What the model of write-combining memory makes of a route.
struct ModelledCost: Codable, Equatable {
  /// Of a turn, which may do many items.
  let counts: AccessCounts
  /// In nanoseconds for an item, how long the bus is busy with writes, and the processor waits for loads.
  let bus, stalls: Double
  /// In nanoseconds for an item.
  let total: Double
  /// How far the model is off where the route was measured on write-combining memory, too: its total
  /// over what was measured, less 1.
  var error: Double?
}
