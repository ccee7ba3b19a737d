internal import ArgumentParser
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL

struct Probe: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what this machine can do, each claim tried once.")

  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let report = ProbeReport(on: device)
    print(json ? report.json : report.text)
  }
}
