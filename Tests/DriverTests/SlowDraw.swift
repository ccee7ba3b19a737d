import TexAlloc
import TexAllocEGL

/// Something to draw that takes the GPU so long that it is seen at work.
struct SlowDraw {
  /// Pixels of the canvas, each way; each of them is the mean of some thousand texels.
  static let side = 96
  static let image = ImageDescriptor(width: 256, height: 256, formats: [.abgr8888])
  private let texture: Texture

  /// With the context of the device current.
  init(from pool: TexturePool? = nil, on gpu: EGLDevice) throws {
    let pool = try pool ?? TexturePool(for: [], from: [MemfdHeap()])
    let buffer = try pool.allocate(Self.image)
    buffer.writePattern()
    texture = try gpu.texture(for: buffer)
  }

  /// - Parameter times: The software device is slow enough with one.
  func draw(on canvas: Canvas, times: Int = 4) {
    let side = Float(Self.side)
    let quad = Canvas.Quad(
      x: 0, y: 0, width: side, height: side, texelWidth: side * 64, texelHeight: side * 64)
    canvas.draw(Array(repeating: quad, count: times), from: .image(texture.name))
  }
}
