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

  @Option(help: "Threads that allocate and write; one more draws.")
  var threads = 3

  @Option(help: "Save what the pool held halfway, for texctl map.")
  var snapshot: String?

  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard seconds > 0, threads > 0 else { throw ValidationError("at least one of each is needed") }
  }

  func run() throws {
    let report = try Texctl.stating {
      let run = try SoakRun(on: device, threads: threads)
      return try run.report(after: .seconds(seconds)) { held in
        if let snapshot { try TextFile.write(held.json, to: FilePath(snapshot)) }
      }
    }
    print(json ? report.json : report.text)
  }
}
