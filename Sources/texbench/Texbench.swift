internal import ArgumentParser
internal import ProgramSupport

@main
struct Texbench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "texbench",
    abstract: "What uploading costs on this machine, and what texture memory saves.",
    discussion: """
      Every figure is a ratio between routes that take turns within one run; the limit, 1.00, is \
      what none of them can do without.
      """,
    subcommands: measurements + [All.self, SharingPeer.self, Show.self])

  /// A new measurement is a file, and its name here.
  static let measurements: [any Measurement.Type] = [
    JPEG.self, Loader.self, Glyphs.self, Pool.self, Copies.self, Merge.self, Textures.self,
    Sharing.self, CallsOfC.self,
  ]

  static func main() { runToExit() }
}
