internal import CEGL
internal import SystemPackage
internal import TexAlloc

/// An EGLImage by its handle.
@safe struct ImageHandle: @unchecked Sendable {  // a handle never changes
  let image: EGLImage
  /// Whether a texture of it undoes the transfer of sRGB by itself.
  let isLight: Bool
}

/// The entry points of `EGL_EXT_image_dma_buf_import` and of what goes with it; having them is the
/// proof that the display can import.
@safe struct DMABufImport: Sendable {
  /// A format that the display says it imports.
  struct Advertised {
    let format: Format
    /// Whether only `GL_TEXTURE_EXTERNAL_OES` can sample it.
    let isExternalOnly: Bool
    /// Whether the display is to be told the modifier.
    let hasModifier: Bool
  }

  private typealias CreateImage =
    @convention(c) (
      EGLDisplay?, EGLContext?, EGLenum, EGLClientBuffer?, UnsafePointer<EGLint>?
    ) -> EGLImage?
  private typealias DestroyImage = @convention(c) (EGLDisplay?, EGLImage?) -> EGLBoolean
  private typealias QueryFormats =
    @convention(c) (
      EGLDisplay?, EGLint, UnsafeMutablePointer<EGLint>?, UnsafeMutablePointer<EGLint>?
    ) -> EGLBoolean
  private typealias QueryModifiers =
    @convention(c) (
      EGLDisplay?, EGLint, EGLint, UnsafeMutablePointer<EGLuint64KHR>?,
      UnsafeMutablePointer<EGLBoolean>?, UnsafeMutablePointer<EGLint>?
    ) -> EGLBoolean
  private typealias TargetTexture = @convention(c) (GLenum, GLeglImageOES?) -> Void

  private let createImage: CreateImage
  private let destroyImage: DestroyImage
  private let targetTexture: TargetTexture
  /// Every format and modifier that the display says it imports; nil where it keeps no list.
  let advertised: [Advertised]?
  /// Whether an image itself can undo the transfer of sRGB, by EGL_EXT_image_gl_colorspace.
  let imagesAsLight: Bool
  /// How else a texture of it can.
  let lightView: LightView?
  /// Whether that can be switched off, by GL_EXT_texture_sRGB_decode.
  let decodesOnDemand: Bool
  /// Whether shaders of the context sample external textures.
  let samplesExternal: Bool

  /// - Throws: The extension that is missing.
  init(_ connection: EGLConnection) throws(EGLFailure) {
    for needed in ["EGL_KHR_image_base", "EGL_EXT_image_dma_buf_import"]
    where !connection.extensions.contains(Substring(needed)) {
      throw .unsupported(needed, "the display of \(connection.driver) lacks it")
    }
    guard glExtensions().contains("GL_OES_EGL_image") else {
      throw .unsupported("GL_OES_EGL_image", "the context lacks it")
    }
    guard
      let create = unsafe eglFunction("eglCreateImageKHR", as: CreateImage.self),
      let destroy = unsafe eglFunction("eglDestroyImageKHR", as: DestroyImage.self),
      let target = unsafe eglFunction("glEGLImageTargetTexture2DOES", as: TargetTexture.self)
    else { throw .failed("eglGetProcAddress", "no eglCreateImageKHR") }
    unsafe createImage = create
    unsafe destroyImage = destroy
    unsafe targetTexture = target
    advertised = Self.advertised(by: connection)
    imagesAsLight = connection.extensions.contains("EGL_EXT_image_gl_colorspace")
    lightView = LightView()
    decodesOnDemand = glExtensions().contains("GL_EXT_texture_sRGB_decode")
    samplesExternal =
      isOpenGLES()
      && glExtensions().isSuperset(of: [
        "GL_OES_EGL_image_external", "GL_OES_EGL_image_external_essl3",
      ])
  }

  private static func advertised(by connection: EGLConnection) -> [Advertised]? {
    guard connection.extensions.contains("EGL_EXT_image_dma_buf_import_modifiers"),
      let queryFormats = unsafe eglFunction("eglQueryDmaBufFormatsEXT", as: QueryFormats.self),
      let queryModifiers = unsafe eglFunction(
        "eglQueryDmaBufModifiersEXT", as: QueryModifiers.self)
    else { return nil }
    var count: EGLint = 0
    guard unsafe queryFormats(connection.display, 0, nil, &count) == EGLBoolean(EGL_TRUE)
    else { return [] }
    var fourccs = [EGLint](repeating: 0, count: Int(count))
    _ = unsafe queryFormats(connection.display, count, &fourccs, &count)
    return fourccs.prefix(Int(count)).flatMap { code in
      let fourcc = Fourcc(rawValue: UInt32(bitPattern: code))
      var count: EGLint = 0
      _ = unsafe queryModifiers(connection.display, code, 0, nil, nil, &count)
      // No modifiers at all: the display imports by the driver's own arrangement, linear for us.
      guard count > 0 else {
        return [Advertised(format: Format(fourcc), isExternalOnly: false, hasModifier: false)]
      }
      var modifiers = [EGLuint64KHR](repeating: 0, count: Int(count))
      var external = [EGLBoolean](repeating: 0, count: Int(count))
      _ = unsafe queryModifiers(
        connection.display, code, count, &modifiers, &external, &count)
      return zip(modifiers, external).prefix(Int(count)).map {
        Advertised(
          format: Format(fourcc, Modifier(rawValue: $0)),
          isExternalOnly: $1 == EGLBoolean(EGL_TRUE), hasModifier: true)
      }
    }
  }

  /// An EGLImage of a buffer, without a copy. The driver checks next to nothing: the caller has.
  ///
  /// - Parameter plane: The one that it shows, by itself; all of them where nil.
  func makeImage(
    of buffer: TextureBuffer, plane: Int? = nil, on connection: EGLConnection
  ) throws(EGLFailure) -> ImageHandle {
    let attributes = try attributes(of: buffer, plane: plane)
    func make(_ attributes: [EGLint]) -> EGLImage? {
      unsafe createImage(
        connection.display, nil, EGLenum(EGL_LINUX_DMA_BUF_EXT), nil, attributes)
    }
    if buffer.layout.sampling == .asLight && imagesAsLight {
      let image = unsafe make([EGL_GL_COLORSPACE_KHR, EGL_GL_COLORSPACE_SRGB_KHR] + attributes)
      if let image = unsafe image { return unsafe ImageHandle(image: image, isLight: true) }
      // A driver may have it for some images only; a view needs none.
      if lightView == nil { throw .last("eglCreateImageKHR") }
    }
    guard let image = unsafe make(attributes) else { throw .last("eglCreateImageKHR") }
    return unsafe ImageHandle(image: image, isLight: false)
  }

  /// A texture of an image that samples linearly and clamps to its edge. The binding stays as it was.
  func makeTexture(
    of image: ImageHandle, _ layout: ImageLayout, as form: TextureForm
  ) throws(EGLFailure) -> GLuint {
    if layout.sampling == .asLight, !image.isLight, let lightView,
      let format = LightView.format(for: layout)
    {
      return try lightView.makeTexture(of: image, in: format)
    }
    return try makeSampledTexture(on: form.target) { () throws(EGLFailure) in
      try bind(image, to: Int32(form.target))
    }
  }

  /// Makes the image the storage of the texture that is bound to a target.
  ///
  /// - Parameter target: `GL_TEXTURE_EXTERNAL_OES` takes the formats that only it samples, too.
  func bind(_ image: ImageHandle, to target: Int32 = GL_TEXTURE_2D) throws(EGLFailure) {
    drainGLErrors()
    unsafe targetTexture(GLenum(target), image.image)
    try checkGL("glEGLImageTargetTexture2DOES")
  }

  func destroy(_ image: ImageHandle, on connection: EGLConnection) {
    _ = unsafe destroyImage(connection.display, image.image)
  }
}
