/// What accesses to write-combining memory cost, where there is none to measure them on.
///
/// Writes leave by themselves while the processor goes on, and hold it up only where they take longer
/// than all the rest; a load waits for memory, each time.
struct WriteCombiningModel: Codable, Equatable {
  /// Nanoseconds of the bus for a whole line: 64 bytes at 8 GB/s.
  var busWrite = 8.0
  /// Nanoseconds of the bus for a line that left with a part: eight bytes at a time, half of them.
  var partialWrite = 32.0
  /// Nanoseconds that the processor waits for a load.
  var load = 200.0

  /// - Parameters:
  ///   - cpu: Nanoseconds that the work takes on cached memory.
  ///   - items: How many are made by it.
  func cost(of counts: AccessCounts, cpu: Double, items: Int = 1) -> ModelledCost {
    let bus =
      Double(counts.fullLineWrites) * busWrite + Double(counts.partialLineWrites) * partialWrite
    let stalls = Double(counts.loads) * load
    let count = Double(items)
    return ModelledCost(
      counts: counts, bus: bus / count, stalls: stalls / count,
      total: (max(cpu, bus) + stalls) / count)
  }
}
