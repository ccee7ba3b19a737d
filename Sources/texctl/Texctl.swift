internal import ArgumentParser
internal import ProgramSupport

@main
struct Texctl: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "texctl", abstract: "Look into texture memory without a program that uses it.",
    subcommands: [
      AuditDecode.self, Check.self, Map.self, Merge.self, Probe.self, Receive.self, Render.self,
      Serve.self, Soak.self,
    ])

  static func main() { runToExit() }
}
