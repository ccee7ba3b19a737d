package import ProgramSupport
package import TexAlloc
package import TexAllocEGL

/// Something to draw that takes the GPU so long that it is seen at work.
package struct SlowDraw {
  package static let image = ImageDescriptor(width: 256, height: 256, formats: [.abgr8888])
  /// Pixels of a canvas, each way, that are enough.
  package static let side = 24
  /// How often to draw it, more and more until a draw outlasts what is done meanwhile: how long one
  /// takes is the machine's to say.
  package static let times = [1, 4, 16, 64, 256]

  package let texture: Texture

  /// With the context of the device current.
  package init(from pool: TexturePool? = nil, on gpu: EGLDevice) throws {
    let pool = try pool ?? TexturePool(for: [], from: [MemfdHeap()])
    let buffer = try pool.allocate(Self.image)
    do {
      var writer = buffer.writer()
      writer.fill(0..<writer.rowCount, with: 0x7F)
    }
    texture = try gpu.texture(for: buffer)
  }

  /// Covers the canvas, or the largest square of it: a pixel is the mean of a thousand texels.
  package func draw(on canvas: Canvas, times: Int = 1) throws {
    let side = Float(min(canvas.width, canvas.height))
    let quad = Canvas.Quad(
      x: 0, y: 0, width: side, height: side, texelWidth: side * 64, texelHeight: side * 64)
    try canvas.draw(Array(repeating: quad, count: times), from: .image(texture))
  }
}
