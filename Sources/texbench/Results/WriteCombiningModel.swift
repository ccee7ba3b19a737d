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
