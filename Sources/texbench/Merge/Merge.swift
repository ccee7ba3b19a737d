internal import ArgumentParser
internal import ProgramSupport
internal import TexAlloc

/// What a merge costs, against the least that an intersection could cost with the standard library.
struct Merge: Measurement {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Merge 8 participants of 30 formats each, beside 8 dictionaries of 30.")

  @OptionGroup var options: RunOptions

  func measure(on bench: Bench) throws {
    let participants = (0..<8).map(Self.participant)
    bench.compare(
      Comparison(
        title: "8 participants of 30 formats", item: "merge",
        routes: [
          Self.route("build and intersect dictionaries", isOurs: false) {
            Self.intersection(participants.compactMap(\.formats)).count
          },
          Self.route("merge", isOurs: true) {
            try BufferAttributes.merging(participants).formats?.count
          },
        ]))
  }

  private static func route(
    _ name: String, isOurs: Bool, _ count: @escaping () throws -> Int?
  ) -> Route {
    Route(name: name, items: 100, isOurs: isOurs, goal: isOurs ? Goal(ratio: 1) : nil) {
      { _ in
        for _ in 0..<100 {
          guard try count() == 23 else { throw ProgramFailure("\(name): not 23 common formats") }
        }
      }
    }
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
}
