internal import CEGL

/// Forgets the errors of earlier calls, whosever they were.
package func drainGLErrors() { _ = takeGLErrors() }

/// The errors that earlier calls left behind; they are gone then.
func takeGLErrors() -> [GLenum] {
  var errors: [GLenum] = []
  // A lost context may answer with an error for ever.
  while errors.count < 16 {
    let error = glGetError()
    if error == GLenum(GL_NO_ERROR) { break }
    errors.append(error)
  }
  return errors
}

/// - Throws: The error that an OpenGL ES call left behind.
package func checkGL(_ operation: String) throws(EGLFailure) {
  switch Int32(glGetError()) {
  case GL_NO_ERROR: return
  case GL_INVALID_ENUM: throw .failed(operation, "GL_INVALID_ENUM")
  case GL_INVALID_VALUE: throw .failed(operation, "GL_INVALID_VALUE")
  case GL_INVALID_OPERATION: throw .failed(operation, "GL_INVALID_OPERATION")
  case GL_INVALID_FRAMEBUFFER_OPERATION:
    throw .failed(operation, "GL_INVALID_FRAMEBUFFER_OPERATION")
  case GL_OUT_OF_MEMORY: throw .failed(operation, "GL_OUT_OF_MEMORY")
  case let other: throw .failed(operation, "0x" + String(other, radix: 16))
  }
}

/// The extensions of the context that is current.
func glExtensions() -> Set<String> {
  var count: GLint = 0
  unsafe glGetIntegerv(GLenum(GL_NUM_EXTENSIONS), &count)
  return Set(
    (0..<GLuint(count)).compactMap { index in
      unsafe glGetStringi(GLenum(GL_EXTENSIONS), index).map { unsafe String(cString: $0) }
    })
}

/// What OpenGL says of itself in the current context.
func glString(_ name: Int32) -> String {
  unsafe glGetString(GLenum(name)).map { unsafe String(cString: $0) } ?? ""
}

/// Whether the context that is current is of OpenGL ES, whose version begins with the name, that of OpenGL
/// with a number.
func isOpenGLES() -> Bool {
  unsafe glGetString(GLenum(GL_VERSION)).map { unsafe $0[0] == UInt8(ascii: "O") } ?? true
}

/// A number that OpenGL knows in the current context; 0 where it does not.
func glInteger(_ name: Int32) -> GLint {
  var value: GLint = 0
  unsafe glGetIntegerv(GLenum(name), &value)
  return value
}

/// A new texture that samples linearly and clamps to its edge. The binding stays as it was.
///
/// - Parameters:
///   - target: `GL_TEXTURE_2D` or `GL_TEXTURE_EXTERNAL_OES`.
///   - define: Gives it its pixels while it is bound. Where that fails, there is no texture.
func makeSampledTexture(
  on target: GLenum = GLenum(GL_TEXTURE_2D), _ define: () throws(EGLFailure) -> Void
) throws(EGLFailure) -> GLuint {
  var name: GLuint = 0
  unsafe glGenTextures(1, &name)
  do {
    try withTextureBound(name, to: target) { () throws(EGLFailure) in
      sampleLinearly(target)
      try define()
    }
  } catch {
    unsafe glDeleteTextures(1, &name)
    throw error
  }
  return name
}

/// Has the texture that is bound sample linearly, between two mipmaps where it has any, and clamp to its
/// edge.
func sampleLinearly(_ target: GLenum = GLenum(GL_TEXTURE_2D), mipmapped: Bool = false) {
  glTexParameteri(
    target, GLenum(GL_TEXTURE_MIN_FILTER), mipmapped ? GL_LINEAR_MIPMAP_LINEAR : GL_LINEAR)
  glTexParameteri(target, GLenum(GL_TEXTURE_MAG_FILTER), GL_LINEAR)
  glTexParameteri(target, GLenum(GL_TEXTURE_WRAP_S), GL_CLAMP_TO_EDGE)
  glTexParameteri(target, GLenum(GL_TEXTURE_WRAP_T), GL_CLAMP_TO_EDGE)
}

/// What else than all of them can be set of a context's textures.
struct SamplingExtras {
  private let parameters: [(GLint, GLint)]

  /// Those of the context that is current.
  init() {
    var parameters: [(GLint, GLint)] = []
    let names = ["GL_EXT_texture_filter_anisotropic", "GL_ARB_texture_filter_anisotropic"]
    if !glExtensions().isDisjoint(with: names) {
      parameters.append((GL_TEXTURE_MAX_ANISOTROPY_EXT, 1))
    }
    if !isOpenGLES() { parameters.append((GL_TEXTURE_LOD_BIAS, 0)) }
    self.parameters = parameters
  }

  fileprivate func reset(_ target: GLenum) {
    for (parameter, value) in parameters { glTexParameteri(target, GLenum(parameter), value) }
  }
}

/// Makes the texture that is bound sample as a new one does, whatever was set meanwhile of what an image of
/// colours in two dimensions is sampled by.
///
/// - Parameter isOneLevel: Whether its storage is of one size for good, whatever levels are asked for.
func resetSampling(
  _ target: GLenum, mipmapped: Bool, isOneLevel: Bool, _ extras: SamplingExtras
) {
  sampleLinearly(target, mipmapped: mipmapped)
  extras.reset(target)
  if target != GLenum(GL_TEXTURE_2D) { return }  // an external one has nothing else that can be set
  func reset(_ parameter: Int32, _ value: Int32) {
    glTexParameteri(target, GLenum(parameter), value)
  }
  if !isOneLevel {
    reset(GL_TEXTURE_BASE_LEVEL, 0)
    reset(GL_TEXTURE_MAX_LEVEL, 1000)
  }
  reset(GL_TEXTURE_MIN_LOD, -1000)
  reset(GL_TEXTURE_MAX_LOD, 1000)
  reset(GL_TEXTURE_SWIZZLE_R, GL_RED)
  reset(GL_TEXTURE_SWIZZLE_G, GL_GREEN)
  reset(GL_TEXTURE_SWIZZLE_B, GL_BLUE)
  reset(GL_TEXTURE_SWIZZLE_A, GL_ALPHA)
}

/// Binds textures one after the other to the unit that is active, and then what was bound there before.
struct TextureBindings {
  private var image, external: GLint?

  /// - Parameter target: `GL_TEXTURE_2D` or `GL_TEXTURE_EXTERNAL_OES`.
  mutating func bind(_ name: GLuint, to target: GLenum) {
    if target == GLenum(GL_TEXTURE_2D) {
      if image == nil { image = glInteger(GL_TEXTURE_BINDING_2D) }
    } else if external == nil {
      external = glInteger(GL_TEXTURE_BINDING_EXTERNAL_OES)
    }
    glBindTexture(target, name)
  }

  func restore() {
    if let image { glBindTexture(GLenum(GL_TEXTURE_2D), GLuint(image)) }
    if let external { glBindTexture(GLenum(GL_TEXTURE_EXTERNAL_OES), GLuint(external)) }
  }
}

/// Binds a texture for as long as the body runs; the toolkit's own binding comes back.
func withTextureBound<Result, Failure: Error>(
  _ name: GLuint, to target: GLenum = GLenum(GL_TEXTURE_2D), _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  var bindings = TextureBindings()
  bindings.bind(name, to: target)
  defer { bindings.restore() }
  return try body()
}
