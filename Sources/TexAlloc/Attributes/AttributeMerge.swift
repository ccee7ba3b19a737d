/// Participants that passed every check, ready to be merged for any number of images.
///
/// Pure: no device, no file. Checking and sorting the participants and merging their first
/// combination of alternatives is done once; ``attributes(for:in:)`` then costs the layout of the image,
/// unless that combination does not do.
public struct AttributeMerge: Sendable {
  /// A participant with the checked form of all that it says.
  struct Participant: Sendable {
    let name: String
    let own: CheckedConstraints
    let alternatives: [CheckedConstraints]
    let provides: ProvidedMemory?
  }

  /// A participant with the alternative that it takes part with.
  struct Member {
    let name: String
    let own: CheckedConstraints
    let alternative: CheckedConstraints?
    let provides: ProvidedMemory?

    var constraints: [CheckedConstraints] { [own] + (alternative.map { [$0] } ?? []) }
  }

  /// Ascending by the bytes of their names.
  private let participants: [Participant]
  /// For each participant with alternatives, the index of one; the most preferred combination first.
  private let combinations: [[Int]]
  private let first: Result<MergedAttributes, MergeRefusal>

  /// Checks every participant by itself.
  ///
  /// - Throws: The first check that fails: names over all participants, then each participant in the
  ///   order given, then the number of combinations of alternatives, which is 64 at most.
  public init(_ participants: [BufferAttributes]) throws(InvalidAttributes) {
    let checked = try Self.checked(participants)
    self.participants = checked
    let combinations = try Self.combinations(of: checked)
    self.combinations = combinations
    first = Result { () throws(MergeRefusal) in try Self.merge(checked, combinations[0]) }
  }

  /// The attributes that all participants can live with, by the most preferred combination of
  /// alternatives that merges and, with an image, lays it out.
  ///
  /// - Parameters:
  ///   - image: Where given, and where a format was chosen, the result has its layout.
  ///   - table: The formats that may be laid out.
  /// - Throws: What stands in the way of the first combination.
  public func attributes(
    for image: ImageSize? = nil, in table: FormatTable = .known
  ) throws(MergeConflict) -> MergedAttributes {
    do throws(MergeRefusal) {
      return try first.get().laidOut(for: image, in: table)
    } catch {
      for combination in combinations.dropFirst() {
        if let merged = try? Self.merge(participants, combination).laidOut(for: image, in: table) {
          return merged
        }
      }
      throw MergeConflict(
        error, among: Self.members(participants, combinations[0]),
        layout: layoutStage(image, table))
    }
  }

  /// What the layout was tried with, where the first combination got as far as that.
  private func layoutStage(
    _ image: ImageSize?, _ table: FormatTable
  ) -> MergeConflict.LayoutStage? {
    guard let image, case .success(let merged) = first else { return nil }
    return .init(image: image, format: merged.format, table: table)
  }

  private static func merge(_ participants: [Participant], _ combination: [Int])
    throws(MergeRefusal) -> MergedAttributes
  {
    let members = members(participants, combination)
    var merged = try MergedAttributes(merging: members)
    merged.alternatives = zip(participants.filter { !$0.alternatives.isEmpty }, combination)
      .map { .init(participant: $0.name, index: $1) }
    return merged
  }

  private static func members(_ participants: [Participant], _ combination: [Int]) -> [Member] {
    var indices = combination.makeIterator()
    return participants.map { participant in
      let alternative =
        participant.alternatives.isEmpty
        ? nil : indices.next().map { participant.alternatives[$0] }
      return Member(
        name: participant.name, own: participant.own, alternative: alternative,
        provides: participant.provides)
    }
  }
}

extension AttributeMerge {
  private static let maximumCombinations = 64

  /// Ascending by the bytes of their names.
  static func checked(_ participants: [BufferAttributes]) throws(InvalidAttributes)
    -> [Participant]
  {
    try checkNames(participants)
    var checked: [Participant] = []
    var isProvided = false
    for participant in participants {
      let own = try CheckedConstraints(participant.constraints, of: participant.name)
      if let provides = participant.provides {
        try provides.check(of: participant.name, isFirst: !isProvided)
        isProvided = true
      }
      var alternatives: [CheckedConstraints] = []
      for alternative in participant.alternatives {
        alternatives.append(try CheckedConstraints(alternative, of: participant.name))
      }
      checked.append(
        Participant(
          name: participant.name, own: own, alternatives: alternatives,
          provides: participant.provides))
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

extension BufferAttributes {
  /// The attributes that all participants can live with; see ``AttributeMerge``, which serves better
  /// where the same participants meet many images.
  ///
  /// - Parameters:
  ///   - image: Where given, and where a format was chosen, the result has its layout.
  ///   - table: The formats that may be laid out.
  /// - Throws: A participant that is invalid by itself, or a conflict.
  public static func merging(
    _ participants: [BufferAttributes], image: ImageSize? = nil, in table: FormatTable = .known
  ) throws(MergeError) -> MergedAttributes {
    let merge: AttributeMerge
    do { merge = try AttributeMerge(participants) } catch { throw .invalid(error) }
    do { return try merge.attributes(for: image, in: table) } catch { throw .conflict(error) }
  }
}

/// Names compare by their UTF-8 bytes; `==` and `<` of `String` look at Unicode equivalence instead.
extension String {
  func hasSameBytes(as other: String) -> Bool {
    utf8.elementsEqual(other.utf8)
  }

  func precedesByBytes(_ other: String) -> Bool {
    utf8.lexicographicallyPrecedes(other.utf8)
  }
}
