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
