extension Report {
  /// Tables for a person, ratios first.
  var text: String {
    var lines = ["texbench, \(effort.rawValue), \(date)"] + environment.lines
    lines.append(model.line + (fit.map { ", \($0)" } ?? ""))
    for section in sections { lines += [""] + section.lines }
    return lines.joined(separator: "\n")
  }
}

extension Environment {
  /// What figures were taken on, and what speaks against believing them.
  var lines: [String] {
    var machine = "\(processor), \(cores) cores"
    if let hypervisor { machine += ", guest of \(hypervisor)" }
    var lines = ["\(machine); Linux \(kernel); \(loads)"]
    lines.append([renderer ?? "no GPU", graphics].compactMap(\.self).joined(separator: "; "))
    lines += heaps.filter { !$0.state.hasPrefix("absent") }.map { "heap \($0.name): \($0.state)" }
    return lines + doubts.map { "! \($0)" }
  }

  /// How busy the machine was.
  var loads: String {
    "load \(load.text(2))" + (loadAtEnd.map { ", \($0.text(2)) at the end" } ?? "")
  }
}

extension WriteCombiningModel {
  fileprivate var line: String {
    "model of write-combining memory: \(busWrite.text(1)) ns for a whole line,"
      + " \(partialWrite.text(1)) ns for a part of one, \(load.text(1)) ns for a load"
  }
}

extension Section {
  fileprivate var lines: [String] {
    var lines = ["== \(name): \(abstract)"]
    for comparison in comparisons { lines += [""] + comparison.lines }
    if !figures.isEmpty { lines.append("") }
    lines += figures.map { "\($0.text)  \($0.title): \($0.name) (\($0.note))" }
    if !omissions.isEmpty { lines.append("") }
    return lines + omissions.map { "left out: \($0.what): \($0.reason)" }
  }
}

extension RaceResult {
  /// What the ratios are ratios of.
  var caption: String {
    let limit = axis == nil ? "limit: \(limit)" : "1.000: \(limit)"
    return "\(title): \(clock == .cpu ? "CPU" : "wall") time of one \(item); \(limit)"
  }

  fileprivate var lines: [String] {
    var table = TextTable(
      "ratio", "interval", "gain", "CPU", "middle half", "wall", "faults", "MiB held", "goal",
      "route")
    for route in routes { table.add(route.cells(isLimit: route.name == limit)) }
    var lines = [caption]
    if let rival { lines.append("gain: over \(rival)") }
    lines += table.lines
    let staged = routes.filter { $0.stages.count > 1 }
    if !staged.isEmpty { lines += [""] + Self.stageLines(of: staged, by: clock) }
    lines += routes.compactMap { route in route.model.map { "\(route.name): \($0.words)" } }
    return lines
  }

  private static func stageLines(of routes: [RouteResult], by clock: Clock) -> [String] {
    let stages = Stage.allCases.filter { stage in
      routes.contains { $0.stages.contains { $0.stage == stage } }
    }
    var table = TextTable(header: stages.map(\.rawValue) + ["stages of"])
    for route in routes {
      table.add(
        stages.map { stage in
          route.stages.first { $0.stage == stage }.map { $0.cost[clock].time } ?? ""
        } + [route.name])
    }
    return table.lines
  }
}

extension RouteResult {
  fileprivate func cells(isLimit: Bool) -> [String] {
    [
      ratio.median.text(3), isLimit ? "" : ratio.interval + (isSteady ? "" : " ~"),
      gain.map { $0.median.text(2) } ?? "", cpu.map(\.median.time) ?? model.map(\.total.time) ?? "",
      cpu.map { "\($0.lower.time) – \($0.upper.time)" } ?? "modelled",
      wall.map(\.median.time) ?? "", pageFaults.map { $0.text(0) } ?? "",
      memory.map { (Double($0) / 1024).text(1) } ?? "", goalCell,
      name + (warning.map { "  ! \($0)" } ?? ""),
    ]
  }
}

extension RouteResult {
  /// What it was to reach, and whether it did.
  private var goalCell: String {
    guard let goal else { return "" }
    let parts = [
      goal.ratio.map { ("ratio \($0.text(2))", ratio.median <= $0) },
      goal.highest.map { ("up to \($0.text(2))", ratio.high <= $0) },
      goal.gain.map { ("gain \($0.text(2))", (gain?.median ?? 0) >= $0) },
      goal.cpu.map { ("CPU \($0.time)", (cpu?.median ?? .infinity) <= $0) },
    ]
    return parts.compactMap { $0 }.map { $0 + ($1 ? "" : ": missed") }.joined(separator: ", ")
  }
}

extension RatioEstimate {
  var interval: String { "\(low.text(3)) – \(high.text(3))" }
}

extension ModelledCost {
  fileprivate var words: String {
    let off = error.map { ", \(($0 * 100).text(1)) % off what was measured" } ?? ""
    return "a turn writes \(counts.fullLineWrites.grouped) whole lines and"
      + " \(counts.partialLineWrites.grouped) in part, and loads \(counts.loads.grouped) times;"
      + " for one item the bus is busy for \(bus.time), loads take \(stalls.time)\(off)"
  }
}
