internal import CEGL
public import TexAlloc

/// A buffer that the GPU renders into, by a framebuffer that is complete. Its colours are the buffer's own
/// memory where that was imported, else a renderbuffer of the GPU's own that is read back.
///
/// ```swift
/// let target = try gpu.renderTarget(for: buffer)
/// glBindFramebuffer(GLenum(GL_FRAMEBUFFER), target.framebuffer)
/// draw()
/// let drawn = try target.finish()   // the buffer has the pixels once this has passed
/// ```
///
/// Row 0 of the image, its top, is at y = 0 of the framebuffer, which OpenGL draws as the bottom: whoever
/// renders as for a window turns the picture over, on every route alike.
///
/// Letting go of it is allowed on any thread, as of a ``Texture``. What was not finished is not in the
/// buffer.
public final class RenderTarget: Registration {
  public var component: String { device.name }
  public let buffer: TextureBuffer
  /// How pixels get into the buffer: rendered there where imported, copied there by the GPU where
  /// transferred, by the CPU where uploaded.
  public let route: Route
  /// Why no better route was taken; nil where there is none.
  public let reason: String?
  /// The imported buffer for sampling, not while it is rendered into; nil on other routes, where
  /// ``EGLDevice/texture(for:mipmapped:)`` has a copy that is told of what was finished as of any other write.
  public let texture: Texture?
  /// The name of the framebuffer in the context that was current when the target was made, the only one that
  /// has it.
  public let framebuffer: UInt32

  var renderbuffer: GLuint? { readBack?.renderbuffer }

  var key: TargetKey { TargetKey(buffer: buffer.id, context: context) }

  private let device: EGLDevice
  private let context: UInt64
  private let readBack: ReadBack?

  /// The way back into the buffer of what does not lie there.
  private struct ReadBack {
    let renderbuffer: GLuint
    let reading: PixelReading
    /// What the buffer lies in; nil where the CPU writes it.
    let mapped: MappedBuffer?
  }

  init(of texture: Texture, framebuffer: GLuint, in here: ContextGroup.Member) {
    context = here.serial
    (device, buffer) = (texture.device, texture.buffer)
    (route, reason) = (.imported, nil)
    self.texture = texture
    self.framebuffer = framebuffer
    readBack = nil
  }

  init(
    of buffer: TextureBuffer, on device: EGLDevice, framebuffer: GLuint, _ renderbuffer: GLuint,
    _ reading: PixelReading, into mapped: MappedBuffer?, because reason: String,
    in here: ContextGroup.Member
  ) {
    context = here.serial
    (self.device, self.buffer) = (device, buffer)
    (route, self.reason) = (mapped == nil ? .uploaded : .transferred, reason)
    texture = nil
    self.framebuffer = framebuffer
    readBack = ReadBack(renderbuffer: renderbuffer, reading: reading, mapped: mapped)
  }

  deinit {
    device.retire(framebuffer: framebuffer, renderbuffer, key)
  }

  /// Sees to it that what has been drawn so far gets into the buffer: at the end of a frame, on the thread
  /// where the context is current. OpenGL's state stays as it was.
  ///
  /// Where the CPU copies, it waits for the GPU and writes the rows here. Where the GPU copies, the slot
  /// is held until it has.
  ///
  /// - Parameter rows: Of the image, those that were drawn; all of them where nil.
  /// - Returns: What passes when the pixels are in the buffer's memory.
  /// - Throws: `EGLFailure` where no fence can be made, or OpenGL did not give the pixels; `wrongThread` in
  ///   another context than the one that the target was made in.
  @discardableResult
  public func finish(rows: Range<Int>? = nil) throws(EGLFailure) -> EGLFence {
    let here = try device.requireContext(for: "finish")
    guard here.serial == context else {
      throw EGLFailure(
        cause: .wrongThread, operation: "finish",
        reason: "the context that the target was made in is not current on this thread")
    }
    let rows = rows ?? 0..<buffer.layout.height
    precondition(0 <= rows.lowerBound && rows.upperBound <= buffer.layout.height)
    if let readBack {
      if let mapped = readBack.mapped {
        try readBack.reading.pack(rows, of: framebuffer, into: buffer, in: mapped)
      } else {
        try readBack.reading.store(rows, of: framebuffer, into: buffer)
      }
      device.countCopy(of: rows.count * buffer.layout.rowSize(ofPlane: 0), on: route)
    }
    try texture?.wasMade(in: here)
    let fence = try device.fences.makeFence(on: device.connection, until: device.loss)
    if route == .transferred { buffer.hold(until: fence, writers: true) }
    return fence
  }
}

/// What the device has one render target of at a time: a buffer in a context, by that one's serial.
struct TargetKey: Hashable {
  let buffer: TextureBuffer.ID
  let context: UInt64
}

/// Framebuffers and their renderbuffers that nobody holds any more.
struct Framebuffers {
  private var framebuffers: [GLuint] = []
  private var renderbuffers: [GLuint] = []

  mutating func append(_ framebuffer: GLuint, _ renderbuffer: GLuint?) {
    framebuffers.append(framebuffer)
    if let renderbuffer { renderbuffers.append(renderbuffer) }
  }

  /// In the context that they are of.
  func delete() {
    unsafe glDeleteFramebuffers(GLsizei(framebuffers.count), framebuffers)
    unsafe glDeleteRenderbuffers(GLsizei(renderbuffers.count), renderbuffers)
  }
}

/// A render target in the device's table, which does not keep it alive.
struct WeakRenderTarget {
  weak let target: RenderTarget?
  let framebuffer: GLuint
  /// nil where it is imported.
  let renderbuffer: GLuint?

  init(_ target: RenderTarget) {
    self.target = target
    (framebuffer, renderbuffer) = (target.framebuffer, target.renderbuffer)
  }
}
