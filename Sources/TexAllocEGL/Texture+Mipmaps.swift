internal import CEGL
public import TexAlloc

extension Texture {
  /// The same with mipmaps: itself where it has them, else the buffer's texture that has, which the GPU
  /// copies from this one if there is none yet, though the buffer be spent. Both show the image from then on,
  /// each under its name, for as long as somebody holds it, and is told of changes by itself; a renderer that
  /// draws by the new name lets go of this one.
  ///
  /// Textures have their mipmaps from the start, at no further copy, where the buffer was allocated with
  /// `AllocationFlags.mipmapped`, or by ``EGLDevice/texture(for:mipmapped:)``. It is called on the
  /// thread where the context is current, and leaves OpenGL's state as it was.
  ///
  /// - Throws: `RegistrationRefused` with `mipmaps` of an import, which has the size that lies in the buffer
  ///   and no others, and of a format that OpenGL makes none of.
  public func mipmapped() throws(RegistrationRefused) -> Texture {
    let here = try device.contextHere()
    if isMipmapped { return self }
    if let known = device.liveTextures(of: buffer).mipmapped {
      return try device.used(known, in: here)
    }
    guard route != .imported else { throw device.noMipmapsOfImports() }
    let layout = buffer.layout
    let formats = try device.uploadFormats(of: layout, because: reason ?? "")
    let copies: TextureObjects
    do {
      copies =
        try device.takeKeptTextures(of: layout, mipmapped: true, in: here)
        ?? device.makeOwnTextures(layout, formats, mipmapped: true)
    } catch {
      throw device.refusal(.copyFailed, "mipmaps", wanted: "\(layout.format)", held: "\(error)")
    }
    let texture = Texture(
      copies, of: buffer, on: device, route, because: obstacle, check: check, mipmapped: true,
      formats)
    try device.used(self, in: here)
    do {
      for (index, copy) in copies.parts.enumerated() {
        let size = layout.size(of: index, as: copies.form)
        try Self.copyTexels(of: size, from: objects.parts[index].name, to: copy.name)
      }
    } catch {
      throw device.refusal(
        .mipmaps, "mipmaps", wanted: "a format that OpenGL renders",
        held: "\(layout.format); \(error)")
    }
    try texture.makeMipmaps()
    try device.enter(texture, in: here)
    return texture
  }

  /// Has the GPU make the smaller sizes of what the texture shows.
  func makeMipmaps() throws(RegistrationRefused) {
    drainGLErrors()
    for part in objects.parts {
      withTextureBound(part.name) { glGenerateMipmap(GLenum(GL_TEXTURE_2D)) }
    }
    do { try checkGL("glGenerateMipmap") } catch {
      throw device.refusal(
        .mipmaps, "mipmaps", wanted: "a format that OpenGL makes them of",
        held: "\(buffer.layout.format), \(buffer.layout.sampling); \(error)")
    }
  }

  private static func copyTexels(
    of image: ImageSize, from name: GLuint, to copy: GLuint
  ) throws(EGLFailure) {
    var framebuffer: GLuint = 0
    unsafe glGenFramebuffers(1, &framebuffer)
    defer { unsafe glDeleteFramebuffers(1, &framebuffer) }
    drainGLErrors()
    withReadFramebuffer(framebuffer) {
      glFramebufferTexture2D(
        GLenum(GL_READ_FRAMEBUFFER), GLenum(GL_COLOR_ATTACHMENT0), GLenum(GL_TEXTURE_2D), name, 0)
      withTextureBound(copy) {
        glCopyTexSubImage2D(
          GLenum(GL_TEXTURE_2D), 0, 0, 0, 0, 0, GLsizei(image.width), GLsizei(image.height))
      }
    }
    try checkGL("glCopyTexSubImage2D")
  }
}

extension EGLDevice {
  func noMipmapsOfImports() -> RegistrationRefused {
    refusal(
      .mipmaps, "mipmaps", wanted: "a texture of the GPU's own",
      held: "an import, which has the one size that lies in the buffer")
  }
}

extension ImageSize {
  /// The sizes of a texture that has mipmaps: down to one pixel.
  var mipmapLevels: Int { Int.bitWidth - max(width, height).leadingZeroBitCount }
}
