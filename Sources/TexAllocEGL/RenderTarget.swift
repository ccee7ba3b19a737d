internal import CEGL
public import TexAlloc

/// A buffer that the GPU renders into: a framebuffer that is complete, with the buffer's own memory as
/// its colours.
///
/// Letting go of it is allowed on any thread, as of a ``Texture``.
public final class RenderTarget: Registration {
  public var component: String { texture.component }
  public var buffer: TextureBuffer { texture.buffer }
  /// The buffer for sampling; not while it is rendered into.
  public let texture: Texture
  /// The name of the framebuffer in the device's context.
  public let framebuffer: UInt32

  init(of texture: Texture, framebuffer: GLuint) {
    self.texture = texture
    self.framebuffer = framebuffer
  }

  deinit { texture.device.retire(framebuffer: framebuffer, of: buffer.id) }
}

/// A render target in the device's table, which does not keep it alive.
struct WeakRenderTarget {
  weak let target: RenderTarget?
  let framebuffer: GLuint

  init(_ target: RenderTarget) {
    self.target = target
    framebuffer = target.framebuffer
  }
}
