package import TexAlloc

/// Luma and chroma of an image, and what they are as red, green and blue by the formulas of ITU-R, in
/// floating point, with chroma interpolated linearly between its samples.
package struct PlaneReference {
  package let layout: ImageLayout
  /// The bytes of each plane, row behind row.
  package let planes: [[UInt8]]

  /// Planes of numbers that are like noise, or the same for so many pixels each way.
  package init(_ layout: ImageLayout, seed: UInt64, patch: Int = 1) {
    self.layout = layout
    planes = layout.shapes.enumerated().map { index, shape in
      (0..<layout.rowCount(ofPlane: index)).flatMap { row in
        (0..<layout.rowSize(ofPlane: index)).map { byte in
          let element = byte / shape.bytesPerElement
          let column = element * shape.horizontalSubsampling / patch
          let place = UInt64(column * 64 + row * shape.verticalSubsampling / patch * 6151)
          // The two numbers of luma in an element of YUYV are alike.
          let number = byte % shape.bytesPerElement
          let isLuma =
            shape.channels.indices.contains(number) && shape.channels[number].meaning == .luma
          var random = SplitMix64(
            seed: seed &+ place &+ UInt64(index * 16 + (isLuma ? 9 : number)))
          let value = UInt8(truncatingIfNeeded: random.next())
          // The lowest six bits of P010 are none.
          return shape.channels[0].bits == 6 && byte % 2 == 0 ? value & 0xC0 : value
        }
      }
    }
  }

  /// Writes the planes, by the writers of the image.
  package func write(into buffer: TextureBuffer) {
    for plane in planes.indices {
      let size = layout.rowSize(ofPlane: plane)
      var writer = buffer.writer(ofPlane: plane)
      for row in 0..<writer.rowCount {
        let bytes = Array(planes[plane][row * size..<(row + 1) * size])
        writer.write(bytes.span, row: row)
      }
    }
  }

  /// Red, green, blue from 0 to 255 of a pixel.
  package func colour(_ x: Int, _ y: Int) -> [Double] {
    let luma = sample(.luma, Double(x), Double(y))
    let (blue, red) = (
      sample(.blueChroma, Double(x), Double(y)), sample(.redChroma, Double(x), Double(y))
    )
    let isFull = layout.colour.range == .full
    let most = Double(1 << bits - 1)
    let unit = Double(1 << (bits - 8))
    let light = isFull ? luma / most : (luma - 16 * unit) / (219 * unit)
    let pb = (blue - 128 * unit) / (isFull ? most : 224 * unit)
    let pr = (red - 128 * unit) / (isFull ? most : 224 * unit)
    let (kr, kb): (Double, Double) =
      switch layout.colour.matrix {
      case .bt601: (0.299, 0.114)
      case .bt709: (0.2126, 0.0722)
      case .bt2020: (0.2627, 0.0593)
      }
    let r = light + 2 * (1 - kr) * pr
    let b = light + 2 * (1 - kb) * pb
    let g = (light - kr * r - kb * b) / (1 - kr - kb)
    return [r, g, b].map { min(max($0, 0), 1) * 255 }
  }

  private var bits: Int {
    layout.shapes[0].bytesPerElement == 2 && layout.planes.count > 1 ? 10 : 8
  }

  /// The number at a pixel, between samples what lies between.
  private func sample(_ meaning: PlaneShape.Channel.Meaning, _ x: Double, _ y: Double) -> Double {
    for (plane, shape) in layout.shapes.enumerated() {
      guard let channel = shape.channels.firstIndex(where: { $0.meaning == meaning }) else {
        continue
      }
      let shift = shape.channels.prefix(channel).reduce(0) { $0 + $1.bits }
      func place(_ pixel: Double, _ shared: Int, _ siting: Colour.Siting) -> Double {
        siting == .cosited
          ? pixel / Double(shared) : (pixel + 0.5) / Double(shared) - 0.5
      }
      let column = place(x, shape.horizontalSubsampling, layout.colour.horizontalSiting)
      let row = place(y, shape.verticalSubsampling, layout.colour.verticalSiting)
      let (left, top) = (column.rounded(.down), row.rounded(.down))
      let (right, down) = (column - left, row - top)
      func number(_ i: Int, _ j: Int) -> Double {
        Double(
          element(plane, Int(left) + i, Int(top) + j) >> shift
            & (1 << shape.channels[channel].bits - 1))
      }
      return (number(0, 0) * (1 - right) + number(1, 0) * right) * (1 - down)
        + (number(0, 1) * (1 - right) + number(1, 1) * right) * down
    }
    return 0
  }

  private func element(_ plane: Int, _ column: Int, _ row: Int) -> Int {
    let size = layout.shapes[plane].bytesPerElement
    let columns = layout.rowSize(ofPlane: plane) / size
    let column = min(max(column, 0), columns - 1)
    let row = min(max(row, 0), layout.rowCount(ofPlane: plane) - 1)
    let start = (row * columns + column) * size
    return planes[plane][start..<start + size].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
