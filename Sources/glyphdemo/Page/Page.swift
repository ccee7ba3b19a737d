internal import TexAlloc

/// Where everything on the page goes, in pixels: pictures, rectangles and placed glyphs. It knows
/// no OpenGL.
struct Page {
  /// A picture that fills its frame, cropped in the middle to the frame's shape.
  struct Picture {
    let photo: Int
    let frame: Frame
  }

  struct Rectangle {
    let frame: Frame
    let colour: SIMD4<Float>
  }

  struct Text {
    let layout: TextLayout
    /// Of the upper left corner.
    let x, y: Double
    let colour: SIMD4<Float>
  }

  struct Frame {
    var x, y, width, height: Double
  }

  let size: ImageSize
  var pictures: [Picture] = []
  var rectangles: [Rectangle] = []
  private(set) var texts: [Text] = []
  /// Where pictures go that change.
  var live: [Frame] = []

  static let background = SIMD4<Float>(0.965, 0.957, 0.937, 1)
  static let ink = SIMD4<Float>(0.13, 0.14, 0.16, 1)
  static let faint = SIMD4<Float>(0.40, 0.41, 0.43, 1)
  static let accent = SIMD4<Float>(0.70, 0.24, 0.16, 1)

  /// Nothing yet.
  init(_ size: ImageSize) { self.size = size }

  /// - Parameters:
  ///   - captions: One for each photograph.
  ///   - paragraph: The text that begins the lower part.
  init(
    size: ImageSize, captions: [String], paragraph: String, fonts: FontFallback
  ) throws {
    self.size = size
    // The page is drawn for 1280 x 800, and scaled as a whole.
    let unit = max(0.1, min(Double(size.width) / 1280, Double(size.height) / 800))
    let margin = 32 * unit
    let inner = Double(size.width) - 2 * margin

    var y = 22 * unit
    let heading = try add(
      Sample.heading, at: (margin, y), width: inner, in: Self.accent,
      style: TextStyle(font: FontRequest(isBold: true), pixelSize: 34 * unit), fonts)
    try add(
      Sample.subtitle, at: (margin + heading.width + 18 * unit, y + 15 * unit), width: inner,
      in: Self.faint, style: TextStyle(pixelSize: 17 * unit), fonts)
    y += heading.height + 10 * unit

    y = try addPictures(
      captions, below: y, margin: margin, inner: inner,
      height: Double(size.height) * 0.63, unit: unit, fonts)
    rectangles.append(
      Rectangle(frame: Frame(x: margin, y: y, width: inner, height: unit), colour: Self.faint))
    y += 12 * unit

    let column = (inner - 2 * margin) / 2
    try add(
      paragraph, at: (margin, y), width: column, in: Self.ink,
      style: TextStyle(pixelSize: 18 * unit), fonts)
    try addScripts(x: margin * 3 + column, y: y, width: column, unit: unit, fonts)
  }

  private mutating func addPictures(
    _ captions: [String], below top: Double, margin: Double, inner: Double, height: Double,
    unit: Double, _ fonts: FontFallback
  ) throws -> Double {
    guard !captions.isEmpty else { return top }
    let columns = min(captions.count, max(4, Int(Double(captions.count).squareRoot().rounded(.up))))
    let rows = captions.count.dividedRoundingUp(by: columns)
    let gap = 16 * unit * min(1, 8 / Double(columns))
    let width = (inner - gap * Double(columns - 1)) / Double(columns)
    let cell = height / Double(rows)
    // Where there are many, they are too small for captions.
    let captionHeight = cell > 80 * unit ? 26 * unit : gap
    for (index, caption) in captions.enumerated() {
      let frame = Frame(
        x: (margin + Double(index % columns) * (width + gap)).rounded(),
        y: (top + Double(index / columns) * cell).rounded(),
        width: max(1, width.rounded()), height: max(1, (cell - captionHeight).rounded()))
      pictures.append(Picture(photo: index, frame: frame))
      guard captionHeight > gap else { continue }
      try add(
        caption, at: (frame.x, frame.y + frame.height + 3 * unit), width: width, in: Self.faint,
        style: TextStyle(pixelSize: 12.5 * unit), fonts)
    }
    return top + height + 2 * unit
  }

  private mutating func addScripts(
    x: Double, y: Double, width: Double, unit: Double, _ fonts: FontFallback
  ) throws {
    var y = y
    let label = 96 * unit
    for line in Sample.lines {
      try add(
        line.script, at: (x, y + 7 * unit), width: label, in: Self.faint,
        style: TextStyle(pixelSize: 12.5 * unit), fonts)
      let style = TextStyle(font: FontRequest(language: line.language), pixelSize: 20 * unit)
      let text = try add(
        line.text, at: (x + label, y), width: width - label, in: Self.ink, style: style, fonts)
      y += max(text.height, 24 * unit) + 4 * unit
    }
  }

  @discardableResult
  mutating func add(
    _ text: String, at place: (x: Double, y: Double), width: Double, in colour: SIMD4<Float>,
    style: TextStyle, _ fonts: FontFallback
  ) throws -> TextLayout {
    let layout = try TextLayout(text, style: style, width: width, fonts: fonts)
    texts.append(Text(layout: layout, x: place.x, y: place.y, colour: colour))
    return layout
  }
}
