internal import CEGL
internal import TexAlloc

/// Makes a texture of an imported image that undoes the transfer of sRGB: a view of the image in a format
/// of sRGB, in the same memory. Having one is the proof that the context that was current can.
///
/// It takes [GL_EXT_EGL_image_storage] and texture views.
///
/// [GL_EXT_EGL_image_storage]: https://registry.khronos.org/OpenGL/extensions/EXT/EXT_EGL_image_storage.txt
@safe struct LightView: Sendable {
  private typealias TargetStorage =
    @convention(c) (GLenum, GLeglImageOES?, UnsafePointer<GLint>?) -> Void
  private typealias MakeView =
    @convention(c) (GLuint, GLenum, GLuint, GLenum, GLuint, GLuint, GLuint, GLuint) -> Void

  private let targetStorage: TargetStorage
  private let makeView: MakeView

  /// nil where the context that is current lacks something.
  init?() {
    let extensions = glExtensions()
    let views = [
      "GL_OES_texture_view": "glTextureViewOES", "GL_EXT_texture_view": "glTextureViewEXT",
      "GL_ARB_texture_view": "glTextureView",
    ]
    guard extensions.contains("GL_EXT_EGL_image_storage"),
      let (_, name) = views.first(where: { extensions.contains($0.key) }),
      let targetStorage = unsafe eglFunction(
        "glEGLImageTargetTexStorageEXT", as: TargetStorage.self),
      let makeView = unsafe eglFunction(name, as: MakeView.self)
    else { return nil }
    unsafe self.targetStorage = targetStorage
    self.makeView = makeView
  }

  /// The format of sRGB that an image is viewed in; nil for an image that has none. What the view of
  /// an image makes of other orders of red, green and blue, OpenGL does not say.
  static func format(for layout: ImageLayout) -> GLenum? {
    guard layout.shapes.count == 1, layout.shapes[0].isPixels,
      layout.shapes[0].channels.allSatisfy({ $0.bits == 8 })
    else { return nil }
    return switch layout.shapes[0].channels.map(\.meaning) {
    case [.red, .green, .blue, .alpha]: GLenum(GL_SRGB8_ALPHA8)
    case [.red, .green, .blue, .unused]: GLenum(GL_SRGB8)
    default: nil
    }
  }

  /// A texture that samples linearly and clamps to its edge. The binding stays as it was.
  func makeTexture(
    of image: ImageHandle, in format: GLenum
  ) throws(EGLFailure) -> GLuint {
    let stored = try makeSampledTexture { () throws(EGLFailure) in
      drainGLErrors()
      unsafe targetStorage(GLenum(GL_TEXTURE_2D), image.image, nil)
      try checkGL("glEGLImageTargetTexStorageEXT")
    }
    // The view keeps what it views.
    defer { unsafe glDeleteTextures(1, [stored]) }
    var view: GLuint = 0
    unsafe glGenTextures(1, &view)
    makeView(view, GLenum(GL_TEXTURE_2D), stored, format, 0, 1, 0, 1)
    do { try checkGL("glTextureView") } catch {
      unsafe glDeleteTextures(1, &view)
      throw error
    }
    withTextureBound(view) { sampleLinearly() }
    return view
  }
}
