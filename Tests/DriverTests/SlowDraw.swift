import TexAlloc
import TexAllocEGL

/// Something to draw that takes the GPU so long that it is seen at work.
struct SlowDraw {
  /// Pixels of a canvas, each way, that keep a GPU busy for long enough.
  static let side = 192
  static let image = ImageDescriptor(width: 256, height: 256, formats: [.abgr8888])
  private let texture: Texture

  /// With the context of the device current.
  init(from pool: TexturePool? = nil, on gpu: EGLDevice) throws {
    let pool = try pool ?? TexturePool(for: [], from: [MemfdHeap()])
    let buffer = try pool.allocate(Self.image)
    buffer.writePattern()
    texture = try gpu.texture(for: buffer)
  }

  /// Covers the canvas, or the largest square of it: a pixel is the mean of a thousand texels.
  func draw(on canvas: Canvas) {
    let side = Float(min(canvas.width, canvas.height))
    let quad = Canvas.Quad(
      x: 0, y: 0, width: side, height: side, texelWidth: side * 64, texelHeight: side * 64)
    canvas.draw([quad], from: .image(texture.name))
  }
}
