/// Elements of an SVG picture, in the order in which they cover each other.
package struct Drawing {
  package enum Anchor: String {
    case start, middle, end
  }

  /// Text, marks and lines, from strong to faint.
  package enum Ink: String {
    case strong = "#1f2328"
    case normal = "#424a53"
    case faint = "#848d97"
    case grid = "#e4e7eb"
    case warning = "#c2570c"
    case accent = "#1f6feb"
  }

  private var elements: [String] = []

  package init() {}

  package mutating func text(
    _ words: String, x: Double, y: Double, size: Double = 12, _ ink: Ink = .normal,
    bold: Bool = false, anchor: Anchor = .start
  ) {
    elements.append(
      """
      <text x="\(Self.number(x))" y="\(Self.number(y))" font-size="\(Self.number(size))" \
      fill="\(ink.rawValue)" text-anchor="\(anchor.rawValue)"\(bold ? " font-weight=\"600\"" : "")>\
      \(words.xmlEscaped)</text>
      """)
  }

  package mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, fill: String, tooltip: String = ""
  ) {
    let title = tooltip.isEmpty ? "" : "<title>\(tooltip.xmlEscaped)</title>"
    elements.append(
      """
      <rect x="\(Self.number(x))" y="\(Self.number(y))" width="\(Self.number(max(0, width)))" \
      height="\(Self.number(height))" fill="\(fill)">\(title)</rect>
      """)
  }

  package mutating func line(
    from start: (x: Double, y: Double), to end: (x: Double, y: Double), _ ink: Ink,
    width: Double = 1, dashed: Bool = false
  ) {
    elements.append(
      """
      <line x1="\(Self.number(start.x))" y1="\(Self.number(start.y))" x2="\(Self.number(end.x))" \
      y2="\(Self.number(end.y))" stroke="\(ink.rawValue)" stroke-width="\(Self.number(width))"\
      \(dashed ? " stroke-dasharray=\"3 3\"" : "")/>
      """)
  }

  package mutating func curve(_ points: [(x: Double, y: Double)], _ ink: Ink) {
    let places = points.map { "\(Self.number($0.x)),\(Self.number($0.y))" }.joined(separator: " ")
    elements.append(
      """
      <polyline points="\(places)" fill="none" stroke="\(ink.rawValue)" stroke-width="2" \
      stroke-linejoin="round"/>
      """)
  }

  package mutating func dot(x: Double, y: Double, _ ink: Ink, tooltip: String) {
    elements.append(
      """
      <circle cx="\(Self.number(x))" cy="\(Self.number(y))" r="3.5" fill="\(ink.rawValue)">\
      <title>\(tooltip.xmlEscaped)</title></circle>
      """)
  }

  /// A tip that points to the right.
  package mutating func arrow(x: Double, y: Double) {
    let corners = [(x - 5, y - 5), (x, y), (x - 5, y + 5)]
      .map { "\(Self.number($0.0)),\(Self.number($0.1))" }.joined(separator: " ")
    elements.append("<polygon points=\"\(corners)\" fill=\"\(Ink.faint.rawValue)\"/>")
  }

  /// A whole file. The fill `url(#modelled)` is a hatching.
  package func svg(width: Double, height: Double) -> String {
    let head = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(Self.number(width))" \
      height="\(Self.number(height))" viewBox="0 0 \(Self.number(width)) \(Self.number(height))" \
      font-family="DejaVu Sans, Helvetica, Arial, sans-serif">
      <defs><pattern id="modelled" width="6" height="6" patternUnits="userSpaceOnUse" \
      patternTransform="rotate(45)"><rect width="6" height="6" fill="#eef1f4"/>\
      <rect width="2" height="6" fill="#9aa4af"/></pattern></defs>
      <rect width="100%" height="100%" fill="#ffffff"/>
      """
    return ([head] + elements + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  /// No more digits than anybody sees.
  private static func number(_ value: Double) -> String {
    let hundredths = (value * 100).rounded() / 100
    return hundredths == hundredths.rounded() ? "\(Int(hundredths))" : "\(hundredths)"
  }
}
