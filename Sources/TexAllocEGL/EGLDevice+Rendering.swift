internal import CEGL
internal import Synchronization
public import TexAlloc

extension EGLDevice {
  /// Imports a buffer and makes it the colours of a framebuffer: what is rendered there is in the
  /// buffer's memory once the GPU is done. The same buffer gives the same target for as long as that
  /// lives.
  ///
  /// - Parameter buffer: Allocated with ``AllocationFlags/renderTarget``, so that the device had its
  ///   say.
  /// - Throws: `RegistrationRefused`: what ``register(_:)`` throws, or the field `framebuffer` with what
  ///   OpenGL says of one that is not complete.
  public func registerForRendering(
    _ buffer: TextureBuffer
  ) throws(RegistrationRefused) -> RenderTarget {
    try requireContext()
    if let known = state.withLock({ $0.targets[buffer.id]?.target }) { return known }
    let texture = try register(buffer)
    let target = RenderTarget(of: texture, framebuffer: try makeFramebuffer(of: texture))
    state.withLock { $0.targets[buffer.id] = WeakRenderTarget(target) }
    return target
  }

  /// Takes over what is left of a render target, on whatever thread its last holder let go of it.
  func retire(framebuffer: GLuint, of buffer: TextureBuffer.ID) {
    state.withLock { state in
      if state.isClosed { return }  // it went with the device
      if !loss.hasHappened { state.retiredFramebuffers.append(framebuffer) }
      if state.targets[buffer]?.framebuffer == framebuffer { state.targets[buffer] = nil }
    }
  }

  private func makeFramebuffer(of texture: Texture) throws(RegistrationRefused) -> GLuint {
    var (drawn, read): (GLint, GLint) = (0, 0)
    unsafe glGetIntegerv(GLenum(GL_DRAW_FRAMEBUFFER_BINDING), &drawn)
    unsafe glGetIntegerv(GLenum(GL_READ_FRAMEBUFFER_BINDING), &read)
    defer {
      glBindFramebuffer(GLenum(GL_DRAW_FRAMEBUFFER), GLuint(drawn))
      glBindFramebuffer(GLenum(GL_READ_FRAMEBUFFER), GLuint(read))
    }
    var framebuffer: GLuint = 0
    unsafe glGenFramebuffers(1, &framebuffer)
    glBindFramebuffer(GLenum(GL_FRAMEBUFFER), framebuffer)
    glFramebufferTexture2D(
      GLenum(GL_FRAMEBUFFER), GLenum(GL_COLOR_ATTACHMENT0), GLenum(GL_TEXTURE_2D), texture.name, 0)
    let status = glCheckFramebufferStatus(GLenum(GL_FRAMEBUFFER))
    guard status == GLenum(GL_FRAMEBUFFER_COMPLETE) else {
      unsafe glDeleteFramebuffers(1, &framebuffer)
      throw refusal(
        .framebuffer, "framebuffer", wanted: "GL_FRAMEBUFFER_COMPLETE",
        held: "\(framebufferStatusName(status)) with \(texture.buffer.layout.format)")
    }
    return framebuffer
  }
}

/// The name of a status of `glCheckFramebufferStatus`, as in `gl3.h`.
private func framebufferStatusName(_ status: GLenum) -> String {
  switch Int32(status) {
  case GL_FRAMEBUFFER_INCOMPLETE_ATTACHMENT: "GL_FRAMEBUFFER_INCOMPLETE_ATTACHMENT"
  case GL_FRAMEBUFFER_INCOMPLETE_MISSING_ATTACHMENT: "GL_FRAMEBUFFER_INCOMPLETE_MISSING_ATTACHMENT"
  case GL_FRAMEBUFFER_UNSUPPORTED: "GL_FRAMEBUFFER_UNSUPPORTED"
  default: "0x" + String(status, radix: 16)
  }
}

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
