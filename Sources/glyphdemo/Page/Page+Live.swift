internal import TexAlloc

extension Page {
  /// A page for a display: pictures that change above, photographs in a row below them, and text.
  ///
  /// - Parameters:
  ///   - captions: One for each place of pictures that change, which are drawn over the page.
  ///   - photographs: A caption for each.
  init(
    live captions: [String], photographs: [String], size: ImageSize, fonts: FontFallback
  ) throws {
    self.init(size)
    // It is drawn for 800 x 600, and scaled as a whole.
    let unit = max(0.1, min(Double(size.width) / 800, Double(size.height) / 600))
    let (margin, gap) = (24 * unit, 16 * unit)
    let inner = Double(size.width) - 2 * margin
    let small = TextStyle(pixelSize: 11 * unit)

    var y = 14 * unit
    let heading = try add(
      Sample.heading, at: (margin, y), width: inner, in: Self.accent,
      style: TextStyle(font: FontRequest(isBold: true), pixelSize: 26 * unit), fonts)
    try add(
      Sample.liveSubtitle, at: (margin + heading.width + 14 * unit, y + 12 * unit), width: inner,
      in: Self.faint, style: TextStyle(pixelSize: 13 * unit), fonts)
    y += heading.height + 8 * unit

    let room = Double(size.height) - y - 22 * unit
    // As a camera's pictures are shaped, where there is the room.
    let height = min(room * 0.48, (inner - gap) / 2 * 9 / 16)
    live = Self.row(
      of: captions.count, at: (margin, y), width: inner, gap: gap, height: height)
    for (caption, frame) in zip(captions, live) {
      rectangles.append(Rectangle(frame: frame, colour: Self.empty))
      try add(
        caption, at: (frame.x, frame.y + frame.height + 3 * unit), width: frame.width,
        in: Self.faint, style: small, fonts)
    }
    y += height + 26 * unit

    let row = Self.row(
      of: photographs.count, at: (margin, y), width: inner, gap: gap / 2, height: room * 0.28)
    for (index, frame) in row.enumerated() {
      pictures.append(Picture(photo: index, frame: frame))
      try add(
        photographs[index], at: (frame.x, frame.y + frame.height + 3 * unit), width: frame.width,
        in: Self.faint, style: TextStyle(pixelSize: 9 * unit), fonts)
    }
    y += (row.isEmpty ? 0 : room * 0.28) + 28 * unit

    try add(
      Sample.liveParagraph, at: (margin, y), width: inner * 0.56, in: Self.ink,
      style: TextStyle(pixelSize: 13 * unit), fonts)
    var line = y
    for sample in Sample.lines.prefix(4) {
      let style = TextStyle(font: FontRequest(language: sample.language), pixelSize: 13 * unit)
      line +=
        try add(
          sample.text, at: (margin + inner * 0.6, line), width: inner * 0.4, in: Self.ink,
          style: style, fonts
        ).height + 3 * unit
    }
  }

  private static let empty = SIMD4<Float>(0.88, 0.87, 0.84, 1)

  /// Frames of one size beside each other.
  private static func row(
    of count: Int, at place: (x: Double, y: Double), width: Double, gap: Double, height: Double
  ) -> [Frame] {
    let each = (width - gap * Double(count - 1)) / Double(max(1, count))
    return (0..<count).map { index in
      Frame(
        x: (place.x + Double(index) * (each + gap)).rounded(), y: place.y.rounded(),
        width: max(1, each.rounded()), height: max(1, height.rounded()))
    }
  }
}
