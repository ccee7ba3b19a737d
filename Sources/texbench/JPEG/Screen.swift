internal import ProgramSupport
internal import CEGL
internal import TexAlloc
internal import TexAllocEGL

/// Where every route ends: its texture is bound, and the driver has done all that it put off. Then
/// come two draws, each waited for: some drivers leave work to the first.
final class Screen {
  private let canvas: Canvas
  private let quad: Canvas.Quad
  private let extent: ImageSize

  /// - Parameter picture: What the textures show.
  init(_ picture: Picture) throws {
    canvas = try Canvas(width: 64, height: 64)
    extent = ImageSize(width: picture.width, height: picture.height)
    quad = Canvas.Quad(
      x: 0, y: 0, width: 64, height: 64, texelWidth: Float(picture.width),
      texelHeight: Float(picture.height))
  }

  /// Binds the texture, ends the stage with that, and the turn.
  func take(_ texture: UInt32, _ watch: inout Stopwatch) throws {
    glBindTexture(GLenum(GL_TEXTURE_2D), texture)
    glFinish()
    watch.end(.register)
    watch.finish()
    try draw(texture, &watch)
  }

  /// Draws a texture of any planes once, and waits for that.
  func draw(_ texture: Texture) throws {
    try canvas.draw([quad], from: .image(texture))
    glFinish()
  }

  /// Draws twice, by no part of what is compared.
  func draw(_ texture: UInt32, _ watch: inout Stopwatch) throws {
    for stage in [Stage.firstDraw, .nextDraw] {
      try canvas.draw([quad], from: .texels(named: texture, extent))
      glFinish()
      watch.end(stage)
    }
  }
}
