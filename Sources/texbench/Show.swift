internal import ArgumentParser
internal import Foundation
internal import ProgramSupport
internal import SystemPackage

struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a report once more that was kept as JSON.")

  @Argument(help: "What a run with --json printed.", completion: .file())
  var report: String

  @Option(
    help: ArgumentHelp(
      "Write the main figures between the marks of a README, too.", valueName: "FILE"))
  var readme: String?

  @Option(
    help: ArgumentHelp(
      "Write all tables between the marks of another text, too.", valueName: "FILE"))
  var tables: String?

  @OptionGroup var output: OutputOptions

  func run() throws {
    try Self.stating {
      let report = try read()
      if let readme { try write(.main, of: report, into: readme) }
      if let tables { try write(.all, of: report, into: tables) }
      try output.show(report)
    }
  }

  private func write(
    _ choice: ReportTables.Choice, of report: Report, into file: String
  ) throws {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw ProgramFailure("\(file): cannot be read")
    }
    guard let changed = ReportTables(report, choice).replaced(in: text) else {
      throw ProgramFailure("\(file): lacks the marks \(ReportTables.begin) and its end")
    }
    try TextFile.write(changed, to: FilePath(file))
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
