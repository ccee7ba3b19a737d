internal import ArgumentParser
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL

struct Probe: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what this machine can do, each claim tried once.")

  @Option(
    help: "The EGL device: automatic, software, or the name of a driver or of a DRM node.",
    transform: DeviceChoice.init)
  var device = DeviceChoice.automatic

  @OptionGroup var quirks: QuirkOption

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let report = ProbeReport(on: device, quirks.profiles)
    print(json ? report.json : report.text)
  }
}
