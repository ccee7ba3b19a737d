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

  /// - Parameter cpu: Nanoseconds that the work takes on cached memory.
  func cost(of counts: AccessCounts, cpu: Double) -> ModelledCost {
    let bus =
      Double(counts.fullLineWrites) * busWrite + Double(counts.partialLineWrites) * partialWrite
    let stalls = Double(counts.loads) * load
    return ModelledCost(
      counts: counts, bus: bus, stalls: stalls, total: max(cpu, bus) + stalls)
  }
}
