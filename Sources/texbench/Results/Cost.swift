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
