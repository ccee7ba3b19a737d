internal import ArgumentParser
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocEGL

struct Soak: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Allocate, write, draw and free images of random sizes, and see what is left.")

  @Option(help: "How long.")
  var seconds = 10

  @Option(help: "How many images, however long that takes.")
  var images: Int?

  @Option(help: "How often everything is let go of, to see what is left.")
  var rounds = 10

  @Option(help: "Threads that allocate and write; one more draws.")
  var threads = 3

  @Option(help: "Save what the pool held amid the last round, for texctl map.")
  var snapshot: String?

  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard rounds > 0, seconds > 0, threads > 0, images ?? rounds >= rounds else {
      throw ValidationError("at least one of each is needed, and an image for each round")
    }
  }

  func run() throws {
    let report = try Texctl.stating {
      let run = try SoakRun(on: device, threads: threads)
      let length =
        images.map { SoakLength.images(($0 + rounds - 1) / rounds) }
        ?? .time(.seconds(seconds) / rounds)
      return try run.report(rounds: rounds, of: length) { held in
        if let snapshot { try TextFile.write(held.json, to: FilePath(snapshot)) }
      }
    }
    print(json ? report.json : report.text)
  }
}
