internal import ArgumentParser
internal import FoundationEssentials
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc

struct Map: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw what the slabs of a saved snapshot hold.",
    discussion: "texctl soak --snapshot FILE saves one.")

  @Argument(help: "The snapshot, in JSON.")
  var snapshot: String

  @Option(name: .short, help: "The SVG file to write.")
  var output: String

  func run() throws {
    try Texctl.stating {
      let data = try Data(contentsOf: URL(filePath: snapshot))
      let map = SlabMap(try JSONDecoder().decode(PoolSnapshot.self, from: data))
      try TextFile.write(map.svg, to: FilePath(output))
    }
  }
}
