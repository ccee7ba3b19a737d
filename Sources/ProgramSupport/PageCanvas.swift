package import TexAlloc
package import TexAllocEGL
package import TexAllocVulkan

/// What a page is drawn on, by whichever API: pixels are the same within two levels.
package protocol PageCanvas {
  /// What the device makes of buffers.
  associatedtype Handle: Registration

  /// Begins a picture that is filled with a colour.
  func clear(_ colour: SIMD4<Float>)
  /// Fills quads with their tints.
  func fill(_ quads: [Canvas.Quad]) throws
  /// Draws a texture's colours, filtered, times the tint.
  func draw(_ quads: [Canvas.Quad], image: Handle) throws
  /// Draws the tint where a texture's red, filtered, covers it: glyphs.
  func draw(_ quads: [Canvas.Quad], coverage: Handle) throws
  /// Has what was drawn done, and waits for it.
  func finish() throws
  /// Waits for the GPU and gives the picture: `R`, `G`, `B`, `A` bytes, rows from the top, unpadded.
  func readPixels() throws -> [UInt8]
}

extension Canvas: PageCanvas {
  package func fill(_ quads: [Quad]) throws { try draw(quads, from: .none) }

  package func draw(_ quads: [Quad], image: Texture) throws {
    try draw(quads, from: .image(image))
  }

  package func draw(_ quads: [Quad], coverage: Texture) throws {
    try draw(quads, from: .coverage(coverage))
  }
}

extension VulkanCanvas: PageCanvas {
  package func fill(_ quads: [Canvas.Quad]) throws {
    try draw(quads.map(Quad.init), from: .none)
  }

  package func draw(_ quads: [Canvas.Quad], image: VulkanTexture) throws {
    try draw(quads.map(Quad.init), from: .image(image))
  }

  package func draw(_ quads: [Canvas.Quad], coverage: VulkanTexture) throws {
    try draw(quads.map(Quad.init), from: .coverage(coverage))
  }
}

extension VulkanCanvas.Quad {
  fileprivate init(_ quad: Canvas.Quad) {
    func texel(right: Float, down: Float) -> SIMD2<Float> {
      let stored = quad.orientation.stored(x: right, y: down)
      return SIMD2(quad.u + stored.x * quad.texelWidth, quad.v + stored.y * quad.texelHeight)
    }
    let corner = texel(right: 0, down: 0)
    self.init(
      frame: SIMD4(quad.x, quad.y, quad.width, quad.height),
      texels: SIMD4(lowHalf: corner, highHalf: texel(right: 1, down: 0) - corner),
      below: SIMD4(lowHalf: texel(right: 0, down: 1) - corner, highHalf: .zero), tint: quad.tint)
  }
}
