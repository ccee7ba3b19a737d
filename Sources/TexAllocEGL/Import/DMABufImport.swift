internal import CEGL
internal import SystemPackage
internal import TexAlloc

/// An EGLImage by its handle.
@safe struct ImageHandle: @unchecked Sendable {  // a handle never changes
  fileprivate let image: EGLImage
}

/// The entry points of `EGL_EXT_image_dma_buf_import` and of what goes with it; having them is the
/// proof that the display can import.
@safe struct DMABufImport: Sendable {
  /// A format that the display says it imports.
  struct Advertised {
    let format: Format
    /// Whether only `GL_TEXTURE_EXTERNAL_OES` can sample it.
    let isExternalOnly: Bool
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
  private let queryFormats: QueryFormats?
  private let queryModifiers: QueryModifiers?

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
    let lists = connection.extensions.contains("EGL_EXT_image_dma_buf_import_modifiers")
    unsafe queryFormats =
      lists ? eglFunction("eglQueryDmaBufFormatsEXT", as: QueryFormats.self) : nil
    unsafe queryModifiers =
      lists ? eglFunction("eglQueryDmaBufModifiersEXT", as: QueryModifiers.self) : nil
  }

  /// Every format and modifier that the display says it imports; nil where it keeps no list.
  func advertised(by connection: EGLConnection) -> [Advertised]? {
    guard let queryFormats = unsafe queryFormats, let queryModifiers = unsafe queryModifiers
    else { return nil }
    var count: EGLint = 0
    guard unsafe queryFormats(connection.display, 0, nil, &count) == EGLBoolean(EGL_TRUE)
    else { return [] }
    var fourccs = [EGLint](repeating: 0, count: Int(count))
    _ = unsafe queryFormats(connection.display, count, &fourccs, &count)
    return fourccs.prefix(Int(count)).flatMap { code in
      let fourcc = Fourcc(rawValue: UInt32(bitPattern: code))
      var count = countModifiers(of: fourcc, on: connection)
      // No modifiers at all: the display imports by the driver's own arrangement, linear for us.
      guard count > 0 else { return [Advertised(format: Format(fourcc), isExternalOnly: false)] }
      var modifiers = [EGLuint64KHR](repeating: 0, count: Int(count))
      var external = [EGLBoolean](repeating: 0, count: Int(count))
      _ = unsafe queryModifiers(
        connection.display, code, count, &modifiers, &external, &count)
      return zip(modifiers, external).prefix(Int(count)).map {
        Advertised(
          format: Format(fourcc, Modifier(rawValue: $0)),
          isExternalOnly: $1 == EGLBoolean(EGL_TRUE))
      }
    }
  }

  /// An EGLImage of a buffer, without a copy. The driver checks next to nothing: the caller has.
  func makeImage(
    of buffer: TextureBuffer, on connection: EGLConnection
  ) throws(EGLFailure) -> ImageHandle {
    let layout = buffer.layout
    let modifier = layout.format.modifier
    // A driver that is not told assumes the arrangement that it likes best.
    let tellsModifier =
      modifier != .invalid && countModifiers(of: layout.format.fourcc, on: connection) > 0
    var attributes: [EGLint] = [
      EGL_WIDTH, EGLint(layout.width), EGL_HEIGHT, EGLint(layout.height),
      EGL_LINUX_DRM_FOURCC_EXT, EGLint(bitPattern: layout.format.fourcc.rawValue),
    ]
    for (index, (plane, keys)) in zip(layout.planes, Self.planeKeys).enumerated() {
      let place = buffer.place(ofPlane: index)
      guard let descriptor = place.descriptor else {
        throw .failed("eglCreateImageKHR", "\(buffer.name) has no descriptor")
      }
      attributes += [
        keys.descriptor, descriptor.rawValue, keys.offset, EGLint(place.offset),
        keys.pitch, EGLint(plane.pitch),
      ]
      if tellsModifier {
        attributes += [
          keys.modifierLow, EGLint(truncatingIfNeeded: modifier.rawValue),
          keys.modifierHigh, EGLint(truncatingIfNeeded: modifier.rawValue >> 32),
        ]
      }
    }
    attributes.append(EGL_NONE)
    guard
      let image = unsafe createImage(
        connection.display, nil, EGLenum(EGL_LINUX_DMA_BUF_EXT), nil, attributes)
    else { throw .last("eglCreateImageKHR") }
    return unsafe ImageHandle(image: image)
  }

  /// Whether a `GL_TEXTURE_2D` samples the format in an arrangement that is not linear.
  func samples(_ format: Format, on connection: EGLConnection) -> Bool {
    let listed = advertised(by: connection) ?? []
    return listed.contains { advertised in
      !advertised.isExternalOnly
        && (format.modifier == .invalid
          ? advertised.format.fourcc == format.fourcc : advertised.format == format)
    }
  }

  /// How many modifiers the display lists for a format; 0 where it keeps no list.
  private func countModifiers(of fourcc: Fourcc, on connection: EGLConnection) -> EGLint {
    var count: EGLint = 0
    let code = EGLint(bitPattern: fourcc.rawValue)
    _ = unsafe queryModifiers?(connection.display, code, 0, nil, nil, &count)
    return count
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

  private struct PlaneKeys {
    let descriptor, offset, pitch, modifierLow, modifierHigh: EGLint
  }

  private static let planeKeys = [
    PlaneKeys(
      descriptor: EGL_DMA_BUF_PLANE0_FD_EXT, offset: EGL_DMA_BUF_PLANE0_OFFSET_EXT,
      pitch: EGL_DMA_BUF_PLANE0_PITCH_EXT, modifierLow: EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT,
      modifierHigh: EGL_DMA_BUF_PLANE0_MODIFIER_HI_EXT),
    PlaneKeys(
      descriptor: EGL_DMA_BUF_PLANE1_FD_EXT, offset: EGL_DMA_BUF_PLANE1_OFFSET_EXT,
      pitch: EGL_DMA_BUF_PLANE1_PITCH_EXT, modifierLow: EGL_DMA_BUF_PLANE1_MODIFIER_LO_EXT,
      modifierHigh: EGL_DMA_BUF_PLANE1_MODIFIER_HI_EXT),
    PlaneKeys(
      descriptor: EGL_DMA_BUF_PLANE2_FD_EXT, offset: EGL_DMA_BUF_PLANE2_OFFSET_EXT,
      pitch: EGL_DMA_BUF_PLANE2_PITCH_EXT, modifierLow: EGL_DMA_BUF_PLANE2_MODIFIER_LO_EXT,
      modifierHigh: EGL_DMA_BUF_PLANE2_MODIFIER_HI_EXT),
    PlaneKeys(
      descriptor: EGL_DMA_BUF_PLANE3_FD_EXT, offset: EGL_DMA_BUF_PLANE3_OFFSET_EXT,
      pitch: EGL_DMA_BUF_PLANE3_PITCH_EXT, modifierLow: EGL_DMA_BUF_PLANE3_MODIFIER_LO_EXT,
      modifierHigh: EGL_DMA_BUF_PLANE3_MODIFIER_HI_EXT),
  ]
}
