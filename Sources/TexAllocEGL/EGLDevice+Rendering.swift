internal import CEGL
internal import Synchronization
public import TexAlloc

/// What is rendered into buffers. Both calls leave OpenGL's state as it was; they are made on the thread
/// where the context is current, and in the same context the same buffer gives the same target for as long
/// as that lives.
extension EGLDevice {
  /// Imports a buffer and makes it the colours of a framebuffer: what is rendered there is in the
  /// buffer's memory once the GPU is done.
  ///
  /// - Parameter buffer: Allocated with `AllocationFlags.renderTarget`, or adopted.
  /// - Throws: `RegistrationRefused`: what ``register(_:)`` throws, or the field `deviceUsage` of a buffer
  ///   that was allocated for other uses, or `framebuffer` with what OpenGL says of one that is not
  ///   complete.
  public func registerForRendering(
    _ buffer: TextureBuffer
  ) throws(RegistrationRefused) -> RenderTarget {
    let here = try contextHere()
    try requireRendering(into: buffer)
    if let known = target(of: buffer, in: here) {
      guard known.route == .imported else { throw readBackOnly(because: known.reason) }
      return known
    }
    guard mappedBuffer(of: buffer) == nil else {
      throw readBackOnly(because: "it lies in the device's mapped buffers")
    }
    let texture = try register(buffer)
    guard texture.objects.form == .image else {
      throw refusal(
        .externalOnly, "formats", wanted: "one that a GL_TEXTURE_2D shows whole",
        held: "\(buffer.layout.format), which is only sampled")
    }
    let framebuffer = try makeFramebuffer(for: buffer) {
      glFramebufferTexture2D(
        GLenum(GL_FRAMEBUFFER), GLenum(GL_COLOR_ATTACHMENT0), GLenum(GL_TEXTURE_2D), texture.name, 0
      )
    }
    return enter(RenderTarget(of: texture, framebuffer: framebuffer, in: here))
  }

  /// A render target of a buffer by any route: as ``registerForRendering(_:)``, or else a renderbuffer of
  /// the GPU's own whose pixels ``RenderTarget/finish(rows:)`` reads back into the buffer. It says which,
  /// and why no better one.
  ///
  /// - Parameter buffer: As of ``registerForRendering(_:)``, in a format of whole bytes: `AB24`, `XB24`,
  ///   `AR24`, `XR24`, `R8` and their like.
  /// - Throws: `RegistrationRefused` where it cannot be read back into either, or where another route was
  ///   demanded.
  public func renderTarget(
    for buffer: TextureBuffer
  ) throws(RegistrationRefused) -> RenderTarget {
    let here = try contextHere()
    try requireRendering(into: buffer)
    if let known = target(of: buffer, in: here) { return known }
    do {
      return try registerForRendering(buffer)
    } catch {
      guard demandedRoute != .imported else { throw error }
      let target = try makeReadBackTarget(
        of: buffer, because: obstacle(to: buffer, after: error), in: here)
      guard demandedRoute == nil || demandedRoute == target.route else {
        throw refusal(
          .heap, "route", wanted: demandedRoute?.rawValue ?? "any", held: target.route.rawValue)
      }
      return enter(target)
    }
  }

  /// Takes over what is left of a render target, on whatever thread its last holder let go of it.
  func retire(framebuffer: GLuint, _ renderbuffer: GLuint?, _ key: TargetKey) {
    state.withLock { state in
      // It went with the device, or with its context.
      if state.isClosed || state.contexts.member(key.context) == nil { return }
      if !loss.hasHappened {
        state.retiredFramebuffers[key.context, default: Framebuffers()]
          .append(framebuffer, renderbuffer)
      }
      if state.targets[key]?.framebuffer == framebuffer { state.targets[key] = nil }
    }
  }

  private func target(of buffer: TextureBuffer, in here: ContextGroup.Member) -> RenderTarget? {
    let key = TargetKey(buffer: buffer.id, context: here.serial)
    return state.withLock { $0.targets[key]?.target }
  }

  private func enter(_ target: RenderTarget) -> RenderTarget {
    state.withLock {
      $0.targets[target.key] = WeakRenderTarget(target)
      $0.statistics.targets[target.route] += 1
    }
    return target
  }

  private func requireRendering(into buffer: TextureBuffer) throws(RegistrationRefused) {
    try buffer.requireContents(for: name)
    guard let usage = buffer.deviceUsage, !usage.contains(.render) else { return }
    throw refusal(
      .deviceUsage, "deviceUsage", wanted: DeviceUsage.render.rawValue,
      held: usage.isEmpty ? "none" : usage.map(\.rawValue).sorted().joined(separator: ", "))
  }

  private func readBackOnly(because reason: String?) -> RegistrationRefused {
    refusal(
      .noImport, "import", wanted: "a buffer that is rendered into where it lies",
      held: reason ?? "one that is read back into")
  }

  private func makeReadBackTarget(
    of buffer: TextureBuffer, because reason: String, in here: ContextGroup.Member
  ) throws(RegistrationRefused) -> RenderTarget {
    let layout = buffer.layout
    guard let format = RenderFormat(layout.shapes) else {
      throw refusal(
        .format, "formats", wanted: "one of whole bytes that OpenGL renders",
        held: "\(layout.format); \(reason)")
    }
    guard buffer.isMappedForWriting else {
      throw refusal(
        .cpuUsage, "cpuUsage", wanted: "write, to read back into it", held: "not mapped; \(reason)")
    }
    let limit = min(description.maxTextureSize, Int(glInteger(GL_MAX_RENDERBUFFER_SIZE)))
    guard max(layout.width, layout.height) <= limit else {
      throw refusal(
        .size, "width, height", wanted: "at most \(limit)", held: "\(layout.width)x\(layout.height)"
      )
    }
    var renderbuffer: GLuint = 0
    unsafe glGenRenderbuffers(1, &renderbuffer)
    do {
      let framebuffer = try makeFramebuffer(for: buffer) {
        let before = glInteger(GL_RENDERBUFFER_BINDING)
        glBindRenderbuffer(GLenum(GL_RENDERBUFFER), renderbuffer)
        glRenderbufferStorage(
          GLenum(GL_RENDERBUFFER), format.storage, GLsizei(layout.width), GLsizei(layout.height))
        glBindRenderbuffer(GLenum(GL_RENDERBUFFER), GLuint(before))
        glFramebufferRenderbuffer(
          GLenum(GL_FRAMEBUFFER), GLenum(GL_COLOR_ATTACHMENT0), GLenum(GL_RENDERBUFFER),
          renderbuffer)
      }
      let reading = PixelReading(of: format, from: framebuffer)
      // The GPU puts pixels into a mapped buffer as they come.
      let mapped = reading.canPack(layout.planes[0].pitch) ? mappedBuffer(of: buffer) : nil
      return RenderTarget(
        of: buffer, on: self, framebuffer: framebuffer, renderbuffer, reading, into: mapped,
        because: reason, in: here)
    } catch {
      unsafe glDeleteRenderbuffers(1, &renderbuffer)
      throw error
    }
  }

  /// - Parameter attach: Gives the framebuffer that is bound its colours.
  private func makeFramebuffer(
    for buffer: TextureBuffer, _ attach: () -> Void
  ) throws(RegistrationRefused) -> GLuint {
    let drawn = glInteger(GL_DRAW_FRAMEBUFFER_BINDING)
    let read = glInteger(GL_READ_FRAMEBUFFER_BINDING)
    defer {
      glBindFramebuffer(GLenum(GL_DRAW_FRAMEBUFFER), GLuint(drawn))
      glBindFramebuffer(GLenum(GL_READ_FRAMEBUFFER), GLuint(read))
    }
    drainGLErrors()
    var framebuffer: GLuint = 0
    unsafe glGenFramebuffers(1, &framebuffer)
    glBindFramebuffer(GLenum(GL_FRAMEBUFFER), framebuffer)
    attach()
    let status = glCheckFramebufferStatus(GLenum(GL_FRAMEBUFFER))
    guard status == GLenum(GL_FRAMEBUFFER_COMPLETE) else {
      unsafe glDeleteFramebuffers(1, &framebuffer)
      drainGLErrors()
      throw refusal(
        .framebuffer, "framebuffer", wanted: "GL_FRAMEBUFFER_COMPLETE",
        held: "\(framebufferStatusName(status)) with \(buffer.layout.format)")
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
