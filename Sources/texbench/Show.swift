internal import ArgumentParser
internal import Foundation
internal import ProgramSupport
internal import SystemPackage

struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a report once more that was kept as JSON.")

  @Argument(help: "What a run with --json printed.")
  var report: String

  @Option(
    help: ArgumentHelp(
      "Write the main figures between the marks of a README, too.", valueName: "FILE"))
  var readme: String?

  @OptionGroup var output: OutputOptions

  func run() throws {
    try Self.stating {
      let report = try read()
      if let readme {
        let text = try String(contentsOfFile: readme, encoding: .utf8)
        guard let changed = ReadmeSection(report).replaced(in: text) else {
          throw ProgramFailure("\(readme): lacks the marks \(ReadmeSection.begin) and its end")
        }
        try TextFile.write(changed, to: FilePath(readme))
      }
      try output.show(report)
    }
  }

  private func read() throws -> Report {
    guard let data = FileManager.default.contents(atPath: report) else {
      throw ProgramFailure("\(report): cannot be read")
    }
    do { return try JSONDecoder().decode(Report.self, from: data) } catch {
      throw ProgramFailure("\(report): is no report of texbench")
    }
  }
}
