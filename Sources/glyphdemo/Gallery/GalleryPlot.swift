internal import ProgramSupport

/// What every frame of one or two passes took on the render thread to make textures, beside each other.
struct GalleryPlot {
  struct Pass {
    let title: String
    let frames: [GalleryRun.Frame]
  }

  let title: String
  let passes: [Pass]

  private static let width = 1200.0
  private static let panel = 220.0
  private static let left = 70.0

  var svg: String {
    var drawing = Drawing()
    drawing.text(title, x: 20, y: 30, size: 16, .strong, bold: true)
    drawing.text(
      "Milliseconds of each frame in which the render thread asked for pictures and made textures;"
        + " a dot below a frame that made some.", x: 20, y: 52)
    let top = max(0.5, passes.flatMap(\.frames).map(\.loading).max() ?? 0)
    for (index, pass) in passes.enumerated() {
      draw(pass, on: &drawing, y: 80 + Double(index) * (Self.panel + 70), top: top)
    }
    return drawing.svg(
      width: Self.width, height: 80 + Double(passes.count) * (Self.panel + 70))
  }

  private func draw(_ pass: Pass, on drawing: inout Drawing, y: Double, top: Double) {
    let times = pass.frames.map(\.loading)
    drawing.text(pass.title, x: Self.left, y: y, size: 13, .strong, bold: true)
    drawing.text(
      Self.figures(pass.frames), x: Self.width - 20, y: y, size: 12, .normal, anchor: .end)
    let (base, height) = (y + 20 + Self.panel, Self.panel)
    for part in [0.25, 0.5, 0.75, 1] {
      let level = base - part * height
      drawing.line(from: (Self.left, level), to: (Self.width - 20, level), .grid)
      drawing.text(
        Self.rounded(part * top), x: Self.left - 6, y: level + 4, size: 11, .faint, anchor: .end)
    }
    let step = (Self.width - 20 - Self.left) / Double(max(1, times.count))
    for (number, time) in times.enumerated() {
      let x = Self.left + Double(number) * step
      let loads = pass.frames[number].loads
      drawing.rectangle(
        x: x, y: base - time / top * height, width: max(0.6, step * 0.9),
        height: time / top * height, fill: loads > 0 ? "#0072b2" : "#9ecbea",
        tooltip: "frame \(number): \(Self.rounded(time)) ms, \(loads) loaded")
      if loads > 0 {
        drawing.rectangle(
          x: x, y: base + 4, width: max(1, step), height: min(14, 2 * Double(loads)),
          fill: "#e69f00")
      }
    }
    drawing.line(from: (Self.left, base), to: (Self.width - 20, base), .faint)
  }

  /// In words.
  static func figures(_ frames: [GalleryRun.Frame]) -> String {
    let sorted = frames.map(\.loading).sorted()
    guard let worst = sorted.last else { return "no frames" }
    let loads = frames.reduce(0) { $0 + $1.loads }
    let long = sorted.count { $0 > 1 }
    return
      "\(loads) loaded in \(frames.count) frames; median \(rounded(sorted[sorted.count / 2])) ms,"
      + " 99 % below \(rounded(sorted[sorted.count * 99 / 100])), worst \(rounded(worst)),"
      + " \(long) above 1 ms"
  }

  private static func rounded(_ number: Double) -> String { "\((number * 100).rounded() / 100)" }
}
