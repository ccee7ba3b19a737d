internal import ArgumentParser
internal import ProgramSupport

struct Pool: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The range allocator beside glibc's malloc, and how full its slabs get.")

  struct Report: Encodable {
    let comparisons: [Comparison]
    let filling: [SlabFilling]
  }

  @Option(help: "Pairs of runs for each ratio.")
  var pairs = 101

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard pairs > 0 else { throw ValidationError("at least one pair is needed") }
  }

  func run() {
    let ranges = Ranges(pairs: pairs)
    let report = Report(
      comparisons: [
        ranges.equalSizes(), ranges.textureSizes(), ranges.many(.oldestFirst),
        ranges.many(.shuffled),
      ],
      filling: [16, 64].map { SlabFilling(slabBytes: $0 << 20) })
    if json {
      print(report.json)
    } else {
      for comparison in report.comparisons { print(comparison) }
      for filling in report.filling { print(filling) }
    }
  }
}
