internal import TexAllocJSON

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
