/// What the model of write-combining memory makes of a route; all in nanoseconds for an item.
struct ModelledCost: Codable, Equatable {
  let counts: AccessCounts
  /// How long the bus is busy with writes, and the processor waits for loads.
  let bus, stalls: Double
  let total: Double
  /// How far the model is off where the route was measured on write-combining memory, too: its total
  /// over what was measured, less 1.
  var error: Double?
}
