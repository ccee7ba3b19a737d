internal import ArgumentParser
internal import ProgramSupport

/// What becomes of a report.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print JSON instead of tables.")
  private var json = false

  @Option(
    help: ArgumentHelp(
      "Draw the ratios into a file, as .svg or as .png; may be repeated.", valueName: "FILE"))
  private var plot: [String] = []

  func validate() throws {
    for file in plot where PlotFile(file) == nil {
      throw ValidationError("--plot \(file): its name ends in neither .svg nor .png")
    }
  }

  /// What was measured for minutes is printed before anything can fail.
  func show(_ report: Report) throws {
    print(json ? report.json : report.text)
    for file in plot.compactMap(PlotFile.init) { try file.write(Plot(report).svg) }
  }
}
