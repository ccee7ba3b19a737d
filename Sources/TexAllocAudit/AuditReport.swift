internal import TexAllocJSON

/// What was done to texture memory while it was audited.
///
/// Lines are the 64 bytes that a processor collects before it writes them to write-combining memory.
/// How many of them leave whole is what a model says: each thread has ten buffers for lines, the one
/// that was written longest ago gives way, and a load empties all.
public struct AuditReport: Hashable, Sendable {
  public let loads, loadedBytes: Int
  public let stores, storedBytes: Int
  /// Of the stores, those that pass the caches by.
  public let nonTemporalStores: Int
  /// Writes to the memory of all of a line, and of parts.
  public let fullLineWrites, partialLineWrites: Int
  /// Lines that were written, each image's by itself.
  public let linesTouched: Int
  /// Stores to a line before that of the thread's last one.
  public let jumpsBackward: Int
  /// Accesses during which other threads could have made some that are missing here; 0 but for
  /// instructions that hardly occur.
  public let exposures: Int
  /// Bytes of the slabs, and of those, bytes that were audited: fewer where it was sampled, and where
  /// the system had no memory to audit a slab that came later.
  public let slabBytes, auditedBytes: Int
  /// How long the audit lasted.
  public let duration: Duration
  /// Those who offend most first.
  public let offenders: [Offender]
}

extension AuditReport {
  /// Of the stores, from 0 to 1; 1 where there were none.
  public var nonTemporalShare: Double { Self.share(nonTemporalStores, of: stores) }

  /// Of the writes to memory, those of whole lines, from 0 to 1; 1 where there were none.
  public var fullLineShare: Double { Self.share(fullLineWrites, of: busWrites) }

  /// Writes to memory.
  public var busWrites: Int { fullLineWrites + partialLineWrites }

  /// Writes to memory for each line: 1 at best, and 1 where there were none.
  public var busWritesPerLine: Double { Self.share(busWrites, of: linesTouched) }

  /// Whether only some bands of the slabs were audited.
  public var isSampled: Bool { auditedBytes < slabBytes }

  private static func share(_ part: Int, of whole: Int) -> Double {
    whole == 0 ? 1 : Double(part) / Double(whole)
  }
}

extension AuditReport {
  /// Whether write-combining memory would be used well: nothing read, at least 99.9 % of the writes
  /// of whole lines, and at most 1.01 writes for each line.
  public var isWriteCombiningFriendly: Bool {
    loads == 0 && fullLineShare >= 0.999 && busWritesPerLine <= 1.01
  }
}

extension AuditReport {
  /// On one line.
  public var json: String {
    JSONValue.object([
      "loads": .integer(loads), "loadedBytes": .integer(loadedBytes),
      "stores": .integer(stores), "storedBytes": .integer(storedBytes),
      "nonTemporalStores": .integer(nonTemporalStores),
      "nonTemporalShare": .real(nonTemporalShare),
      "linesTouched": .integer(linesTouched),
      "fullLineWrites": .integer(fullLineWrites),
      "partialLineWrites": .integer(partialLineWrites),
      "fullLineShare": .real(fullLineShare),
      "busWritesPerLine": .real(busWritesPerLine),
      "jumpsBackward": .integer(jumpsBackward),
      "exposures": .integer(exposures),
      "slabBytes": .integer(slabBytes), "auditedBytes": .integer(auditedBytes),
      "sampled": .boolean(isSampled),
      "seconds": .real(duration / .seconds(1)),
      "offenders": .array(offenders.map(\.json)),
    ]).text
  }
}

extension Offender {
  fileprivate var json: JSONValue {
    .object([
      "offence": .string(offence.rawValue), "count": .integer(count),
      "place": place.map { .string($0) },
      "backtrace": .array(backtrace.map(\.json)),
    ])
  }
}

extension StackFrame {
  fileprivate var json: JSONValue {
    .object([
      "function": function.map { .string($0) }, "file": file.map { .string($0) },
      "line": line.map { .integer($0) }, "library": library.map { .string($0) },
    ])
  }
}

extension AuditReport: CustomStringConvertible {
  /// What was counted, and the offenders with their call stacks.
  public var description: String {
    ([counts] + offenders.map(\.description)).joined(separator: "\n")
  }

  /// What was counted, and a line for each of the worst offenders.
  public var summary: String {
    let worst = offenders.prefix(10).map { offender in
      "\(offender.offence.words), \(offender.count) times: \(offender.place ?? "place unknown")"
    }
    let rest = offenders.count - worst.count
    return ([counts] + worst + (rest > 0 ? ["\(rest) more"] : [])).joined(separator: "\n")
  }

  private var counts: String {
    let sampling =
      isSampled ? "; sampled: \(auditedBytes >> 10) of \(slabBytes >> 10) KiB were audited" : ""
    let exposed =
      exposures > 0 ? "\nexposed      \(exposures) times, when accesses may have been missed" : ""
    return """
      loads        \(loads), \(loadedBytes) bytes
      stores       \(stores), \(storedBytes) bytes; \(percent(nonTemporalShare)) non-temporal
      lines        \(linesTouched) touched; \(percent(fullLineShare)) of their writes whole
      bus writes   \(busWritesPerLine.rounded(to: 3)) per line
      backward     \(jumpsBackward) jumps
      audited in   \((duration / .seconds(1)).rounded(to: 2)) s\(sampling)\(exposed)
      """
  }

  private func percent(_ share: Double) -> String { "\((share * 100).rounded(to: 2)) %" }
}

extension Double {
  fileprivate func rounded(to digits: Int) -> Double {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    return (self * scale).rounded() / scale
  }
}
