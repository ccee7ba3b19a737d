internal import ArgumentParser
internal import FoundationEssentials
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc

struct Map: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw what the slabs of a saved snapshot hold.",
    discussion: "texctl soak --snapshot FILE saves one.")

  @Argument(help: "The snapshot, in JSON.", completion: .file())
  var snapshot: String

  @Option(
    name: .short, help: ArgumentHelp("The SVG file to write.", valueName: "file"),
    completion: .file())
  var output: String

  func run() throws {
    try Texctl.stating {
      try TextFile.write(SlabMap(try read()).svg, to: FilePath(output))
    }
  }

  private func read() throws -> PoolSnapshot {
    guard let data = FileManager.default.contents(atPath: snapshot) else {
      throw ProgramFailure("\(snapshot): cannot be read")
    }
    do { return try JSONDecoder().decode(PoolSnapshot.self, from: data) } catch {
      throw ProgramFailure("\(snapshot): is no snapshot of texctl soak")
    }
  }
}

/// A picture of slabs: a bar for each, as long as it is large, its slots coloured by their state.
struct SlabMap {
  private let snapshot: PoolSnapshot

  init(_ snapshot: PoolSnapshot) { self.snapshot = snapshot }

  private static let (width, margin, barHeight, pitch) = (1200.0, 20.0, 36.0, 72.0)

  var svg: String {
    let height = Self.margin * 2 + 40 + Self.pitch * Double(snapshot.slabs.count)
    let head = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(Self.width)" height="\(height)" \
      viewBox="0 0 \(Self.width) \(height)" font-family="sans-serif" font-size="13">
      <rect width="100%" height="100%" fill="#ffffff"/>
      """
    return ([head] + legend + snapshot.slabs.indices.flatMap(bar) + ["</svg>"])
      .joined(separator: "\n") + "\n"
  }

  private var legend: [String] {
    var x = Self.margin
    return PoolSnapshot.Slot.State.allCases.flatMap { state in
      defer { x += 110 }
      return [
        rectangle(x: x, y: Self.margin, width: 14, height: 14, state),
        text(state.rawValue, x: x + 20, y: Self.margin + 12),
      ]
    }
  }

  private func bar(of index: Int) -> [String] {
    let slab = snapshot.slabs[index]
    let top = Self.margin + 40 + Self.pitch * Double(index)
    let largest = snapshot.slabs.map(\.size).max() ?? 1
    let scale = (Self.width - 2 * Self.margin) / Double(largest)
    let used = slab.slots.lazy.filter { $0.state != .free }.reduce(0) { $0 + $1.size }
    let title =
      "slab \(index) of \(slab.heap): \(Self.size(slab.size)), \(used * 100 / slab.size) % in use,"
      + " \(Self.size(slab.resident)) ready"
    return [text(title.xmlEscaped, x: Self.margin, y: top + 14)]
      + slab.slots.map { slot in
        rectangle(
          x: Self.margin + Double(slot.offset) * scale, y: top + 20,
          width: Double(slot.size) * scale, height: Self.barHeight, slot.state,
          tooltip: Self.tooltip(of: slot))
      }
  }

  private static func tooltip(of slot: PoolSnapshot.Slot) -> String {
    let place = "\(size(slot.size)) at \(slot.offset)"
    guard slot.state != .free else { return "free: \(place)" }
    let age = (slot.seconds * 10).rounded() / 10
    return "\(slot.name), written by \(slot.owner), \(slot.state.rawValue): \(place), \(age) s old"
  }

  private func rectangle(
    x: Double, y: Double, width: Double, height: Double, _ state: PoolSnapshot.Slot.State,
    tooltip: String? = nil
  ) -> String {
    let colour =
      switch state {
      case .live: "#2f7fc1"
      case .waiting: "#e69f00"
      case .free: "#eeeeee"
      }
    let title = tooltip.map { "<title>\($0.xmlEscaped)</title>" } ?? ""
    return """
      <rect x="\(x)" y="\(y)" width="\(width)" height="\(height)" fill="\(colour)" \
      stroke="#ffffff" stroke-width="0.5">\(title)</rect>
      """
  }

  private func text(_ words: String, x: Double, y: Double) -> String {
    "<text x=\"\(x)\" y=\"\(y)\" fill=\"#222222\">\(words)</text>"
  }

  private static func size(_ bytes: Int) -> String {
    bytes < 1 << 20 ? "\(bytes >> 10) KiB" : "\(Double((bytes * 10) >> 20) / 10) MiB"
  }
}
