internal import ArgumentParser
internal import FoundationEssentials
internal import ProgramSupport
internal import TexAllocEGL

/// What measurements are given: the GPU, the time there is, and a place for what they find.
final class Bench {
  /// Nil where there is none; what needs one is left out.
  let gpu: EGLDevice?
  let effort: Effort
  private(set) var report: Report
  private let seconds: Double
  private var lastProgress = ContinuousClock.now

  init(_ gpu: EGLDevice?, _ options: RunOptions) {
    self.gpu = gpu
    effort = options.effort
    seconds = options.seconds ?? options.effort.seconds
    let fit =
      options.isFitted
      ? ModelFit(try? options.openVulkan(), instead: options.model.model) : nil
    report = Report(
      date: Date.now.formatted(.iso8601), effort: effort, environment: .now(gpu),
      model: fit?.model ?? options.model.model, fit: fit?.words)
  }

  /// Runs a measurement, which gets a section of its own.
  func measure(_ measurement: some Measurement) throws {
    let configuration = type(of: measurement).configuration
    report.sections.append(
      Section(
        name: configuration.commandName ?? "\(type(of: measurement))".lowercased(),
        abstract: configuration.abstract))
    try measurement.measure(on: self)
    report.environment.loadAtEnd = Environment.loadAverage()
    Console.endProgress()
  }

  /// Runs a comparison, and has the model say what write-combining memory would make of it. Where it
  /// fails, or there is nothing to compare with, it is left out.
  func compare(_ comparison: Comparison) {
    Console.progress("\(comparison.title): getting ready")
    let race: Race
    do {
      race = try Race(comparison)
      section.omissions += race.omissions
      guard comparison.axis != nil || !race.hasOneRouteLeft else {
        return leaveOut(comparison.title, because: "there is nothing to compare with")
      }
      try race.run(for: seconds, atLeast: effort.pairs) { progress in
        guard lastProgress.duration(to: .now) > .milliseconds(500) else { return }
        lastProgress = .now
        Console.progress(progress)
      }
    } catch { return leaveOut(comparison.title, because: "\(error)") }
    var result = race.result
    addModels(of: comparison, to: &result)
    if comparison.clock == .wall { result.warn(report.environment.doubtAboutThreads) }
    section.comparisons.append(result)
  }

  private func addModels(of comparison: Comparison, to result: inout RaceResult) {
    let measured = Set(result.routes.map(\.name))
    for route in comparison.routes where measured.contains(route.name) {
      guard let trace = route.trace else { continue }
      Console.progress("\(comparison.title): tracing \(route.name)")
      do {
        let foretold = comparison.routes.first { $0.foretoldBy == route.name }
        result.addModel(
          of: route.name, try trace(), items: route.items, foretelling: foretold?.name,
          by: report.model)
      } catch {
        leaveOut("\(comparison.title): model of \(route.name)", because: "\(error)")
      }
    }
  }

  func add(_ figure: Figure) { section.figures.append(figure) }

  func leaveOut(_ what: String, because reason: String) {
    section.omissions.append(Omission(what: what, reason: reason))
  }

  private var section: Section {
    get { report.sections[report.sections.count - 1] }
    set { report.sections[report.sections.count - 1] = newValue }
  }
}

/// A subcommand that measures.
protocol Measurement: ParsableCommand {
  var options: RunOptions { get }

  /// Measures, and leaves what it finds in the bench's section.
  func measure(on bench: Bench) throws
}

extension Measurement {
  func run() throws {
    try Self.stating { try options.run { bench in try bench.measure(self) } }
  }
}
