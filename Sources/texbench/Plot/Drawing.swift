internal import ProgramSupport

/// Elements of an SVG picture, in the order in which they cover each other.
struct Drawing {
  enum Anchor: String {
    case start, middle, end
  }

  /// Text, marks and lines, from strong to faint.
  enum Ink: String {
    case strong = "#1f2328"
    case normal = "#424a53"
    case faint = "#848d97"
    case grid = "#e4e7eb"
    case warning = "#c2570c"
    case accent = "#1f6feb"
  }

  private var elements: [String] = []

  mutating func text(
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

  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, fill: String, tooltip: String = ""
  ) {
    let title = tooltip.isEmpty ? "" : "<title>\(tooltip.xmlEscaped)</title>"
    elements.append(
      """
      <rect x="\(Self.number(x))" y="\(Self.number(y))" width="\(Self.number(max(0, width)))" \
      height="\(Self.number(height))" fill="\(fill)">\(title)</rect>
      """)
  }

  mutating func line(
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

  mutating func curve(_ points: [(x: Double, y: Double)], _ ink: Ink) {
    let places = points.map { "\(Self.number($0.x)),\(Self.number($0.y))" }.joined(separator: " ")
    elements.append(
      """
      <polyline points="\(places)" fill="none" stroke="\(ink.rawValue)" stroke-width="2" \
      stroke-linejoin="round"/>
      """)
  }

  mutating func dot(x: Double, y: Double, _ ink: Ink, tooltip: String) {
    elements.append(
      """
      <circle cx="\(Self.number(x))" cy="\(Self.number(y))" r="3.5" fill="\(ink.rawValue)">\
      <title>\(tooltip.xmlEscaped)</title></circle>
      """)
  }

  /// A tip that points to the right.
  mutating func arrow(x: Double, y: Double) {
    let corners = [(x - 5, y - 5), (x, y), (x - 5, y + 5)]
      .map { "\(Self.number($0.0)),\(Self.number($0.1))" }.joined(separator: " ")
    elements.append("<polygon points=\"\(corners)\" fill=\"\(Ink.faint.rawValue)\"/>")
  }

  /// A whole file. The fill `url(#modelled)` is a hatching.
  func svg(width: Double, height: Double) -> String {
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

/// In which colours bars are drawn; those of Okabe and Ito, which everyone can tell apart.
enum StageColours {
  /// The stages that belong to what is compared.
  static let compared: [Stage] = [.decode, .rasterize, .write, .register]

  static func fill(of stage: Stage) -> String {
    switch stage {
    case .decode: "#9ecbea"
    case .rasterize: "#56b4e9"
    case .write: "#e69f00"
    case .register: "#009e73"
    case .firstDraw, .nextDraw, .readback, .release: "#c5ccd3"
    }
  }

  /// Of a bar without stages.
  static func whole(isOurs: Bool) -> String { isOurs ? "#0072b2" : "#b7c0c9" }
}
