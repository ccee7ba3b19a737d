/// A picture of flat patches of luma and chroma, to see whether a driver converts them as it was told.
/// Colours are looked at away from the edges of patches: how chroma is filtered there is the driver's.
package struct FlatPatches {
  /// How far a colour may be off.
  package static let tolerance = 3

  private let layout: ImageLayout
  private let conversion: ColourConversion
  private let bits: Int
  /// Pixels of a patch across, and rows of the upper ones.
  private let width, upperRows: Int

  /// Luma, blue and red chroma of eight bits, for which no colour of any matrix is out of range.
  private static let colours: [[Int]] = [
    [60, 128, 128], [180, 128, 128], [120, 100, 150], [140, 160, 108], [100, 116, 160],
    [150, 140, 100], [90, 150, 118],
  ]

  /// nil for an image that holds none, or in a way that is not known here.
  package init?(_ layout: ImageLayout) {
    let channels = layout.shapes.flatMap(\.channels)
    guard let bits = channels.first(where: { $0.meaning == .luma })?.bits, 8...16 ~= bits,
      channels.allSatisfy({ $0.meaning == .unused || $0.bits == bits }),
      layout.shapes.allSatisfy({ $0.bytesPerElement <= 8 && !$0.isRGB })
    else { return nil }
    self.layout = layout
    self.bits = bits
    conversion = ColourConversion(layout.colour, bits: bits)
    width = 4 * (layout.shapes.map(\.horizontalSubsampling).max() ?? 1)
    let down = layout.shapes.map(\.verticalSubsampling).max() ?? 1
    upperRows = layout.height / 2 / down * down
  }

  /// Writes it into an image of the layout. Each turn it is another one.
  package func store(into buffer: TextureBuffer, _ turn: Int) {
    for (index, shape) in layout.shapes.enumerated() {
      for row in 0..<layout.rowCount(ofPlane: index) {
        let y = row * shape.verticalSubsampling
        let elements = stride(from: 0, to: layout.width, by: shape.horizontalSubsampling)
        let bytes = elements.flatMap { element($0, y, turn, of: shape) }
        buffer.storeRows(bytes.span, row..<row + 1, ofPlane: index)
      }
    }
  }

  /// What a shader is to see of a row: red, green, blue and alpha of each pixel; nil near an edge.
  package func colours(ofRow y: Int, _ turn: Int) -> [[UInt8]?] {
    (0..<layout.width).map { colour($0, y, turn) }
  }

  private func colour(_ x: Int, _ y: Int, _ turn: Int) -> [UInt8]? {
    let margin = width / 4
    let own = patch(x, y, turn)
    guard patch(max(x - margin, 0), y, turn) == own,
      patch(min(x + margin, layout.width - 1), y, turn) == own
    else { return nil }
    let most = Double(1 << bits - 1)
    let numbers = Self.colours[own].map { Double($0 << (bits - 8)) / most }
    return conversion.bytes(numbers[0], numbers[1], numbers[2]) + [255]
  }

  /// The number of the colour there.
  private func patch(_ x: Int, _ y: Int, _ turn: Int) -> Int {
    let column = min(x / width, max(layout.width / width, 1) - 1)
    return (column + (y < upperRows ? 3 : 0) + turn * 2) % Self.colours.count
  }

  private func element(_ x: Int, _ y: Int, _ turn: Int, of shape: PlaneShape) -> [UInt8] {
    let colour = Self.colours[patch(x, y, turn)]
    var (number, shift) = (UInt64(0), 0)
    for channel in shape.channels {
      let part: Int? =
        switch channel.meaning {
        case .luma: colour[0]
        case .blueChroma: colour[1]
        case .redChroma: colour[2]
        default: nil
        }
      if let part { number |= UInt64(part << (bits - 8)) << shift }
      shift += channel.bits
    }
    return (0..<shape.bytesPerElement).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
  }
}
