extension AttributeMerge {
  private static let maximumCombinations = 64

  /// Ascending by the bytes of their names.
  static func checked(_ participants: [BufferAttributes]) throws(InvalidAttributes)
    -> [Participant]
  {
    try checkNames(participants)
    var checked: [Participant] = []
    for participant in participants {
      let own = try CheckedConstraints(participant.constraints, of: participant.name)
      var alternatives: [CheckedConstraints] = []
      for alternative in participant.alternatives {
        alternatives.append(try CheckedConstraints(alternative, of: participant.name))
      }
      checked.append(Participant(name: participant.name, own: own, alternatives: alternatives))
    }
    return checked.sorted { $0.name.precedesByBytes($1.name) }
  }

  private static func checkNames(_ participants: [BufferAttributes]) throws(InvalidAttributes) {
    var names: Set<[UInt8]> = []
    for name in participants.map(\.name) {
      if name.isEmpty { throw .init(participant: name, field: "name", reason: "the name is empty") }
      if !names.insert(Array(name.utf8)).inserted {
        throw .init(participant: name, field: "name", reason: "two participants have this name")
      }
    }
  }

  /// By the sum of the indices, then lexicographically.
  ///
  /// - Throws: Where there are more than 64.
  static func combinations(of participants: [Participant]) throws(InvalidAttributes) -> [[Int]] {
    var combinations: [[Int]] = [[]]
    for participant in participants where !participant.alternatives.isEmpty {
      guard combinations.count * participant.alternatives.count <= maximumCombinations else {
        throw .init(
          participant: nil, field: "alternatives",
          reason: "more than \(maximumCombinations) combinations")
      }
      combinations = combinations.flatMap { combination in
        participant.alternatives.indices.map { combination + [$0] }
      }
    }
    // They stand in lexicographic order, and sorting is stable.
    return combinations.sorted { $0.reduce(0, +) < $1.reduce(0, +) }
  }
}
