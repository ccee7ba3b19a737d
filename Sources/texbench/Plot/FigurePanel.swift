/// Figures of one title, as bars: shares of a whole, in percent.
struct FigurePanel: Panel {
  let figures: [Figure]

  private static let (head, row, labels) = (36.0, 25.0, 424.0)

  var height: Double { Self.head + Self.row * Double(figures.count) + 14 }

  func draw(on drawing: inout Drawing, x: Double, y: Double, width: Double) {
    drawing.text(figures.first?.title ?? "", x: x, y: y + 16, size: 14, .strong, bold: true)
    let left = x + Self.labels
    let full = width - Self.labels - 96
    for (index, figure) in figures.enumerated() {
      let top = y + Self.head + Self.row * Double(index)
      drawing.text(figure.name, x: left - 10, y: top + 12, size: 11, anchor: .end)
      drawing.rectangle(x: left, y: top + 1, width: full, height: 13, fill: "#eef1f4")
      drawing.rectangle(
        x: left, y: top + 1, width: full * min(1, figure.percent / 100), height: 13,
        fill: StageColours.whole(isOurs: true), tooltip: figure.note)
      drawing.text(
        "\(figure.percent.text(1)) %", x: x + width - 88, y: top + 12, size: 11, .strong)
    }
  }
}
