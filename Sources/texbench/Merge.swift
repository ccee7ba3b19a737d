internal import ArgumentParser
internal import TexAlloc

/// What a merge costs, against the least that an intersection could cost with the standard library.
struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Merge 8 participants of 30 formats each; build and intersect 8 dictionaries of 30.")

  @Option(help: "Pairs of runs.")
  var pairs = 201

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard pairs > 0 else { throw ValidationError("at least one pair is needed") }
  }

  func run() throws {
    let participants = (0..<8).map(Self.participant)
    let runs = try PairedRuns(
      count: pairs, iterations: 100,
      subject: { try Self.check(BufferAttributes.merging(participants).formats?.count) },
      baseline: { try Self.check(Self.intersection(participants.compactMap(\.formats)).count) })
    print(
      json
        ? runs.json("merge", against: "dictionaries") : runs.table("merge", against: "dictionaries")
    )
  }

  /// 30 formats in an order of its own; 23 of them are everyone's.
  private static func participant(_ index: Int) -> BufferAttributes {
    BufferAttributes(name: "participant \(index)") { attributes in
      attributes.formats = (0..<30).map { place in
        Format(Fourcc(rawValue: UInt32(index + (place * 7 + index) % 30)), .linear)
      }
      attributes.pitchAlignment = 64 << (index % 3)
      attributes.maxWidth = 16384 - index
      attributes.heaps = ["memfd", "udmabuf", "system"]
      attributes.caching = Caching.allCases
      attributes.cpuUsage = [.sequentialWrite]
      attributes.heldBuffers = 1
    }
  }

  private static func intersection(_ lists: [[Format]]) -> [Format: Int] {
    let dictionaries = lists.map { list in
      Dictionary(uniqueKeysWithValues: list.enumerated().map { ($1, $0) })
    }
    return dictionaries.dropFirst().reduce(dictionaries[0]) { common, other in
      common.filter { other[$0.key] != nil }
    }
  }

  private static func check(_ count: Int?) throws {
    guard count == 23 else { throw ValidationError("\(count ?? 0) common formats, not 23") }
  }
}
