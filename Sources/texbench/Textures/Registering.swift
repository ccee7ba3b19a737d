internal import CEGL
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL

/// Images that are registered and let go of, a hundred a `collect()`.
struct Registering {
  private static let count = 100
  private let gpu: EGLDevice

  init(_ gpu: EGLDevice) { self.gpu = gpu }

  var besideBareCalls: Comparison {
    Comparison(
      title: "imports of 128x128", item: "register + release",
      routes: [
        Route(name: "bare calls: EGLImage and texture, made and gone", items: Self.count) {
          let buffers = try buffers()
          let bare = try BareImport()
          return { _ in
            var images: [BareImport.Image] = []
            images.reserveCapacity(buffers.count)
            for buffer in buffers { images.append(try bare.make(of: buffer)) }
            bare.destroy(images)
          }
        },
        route("new", goal: Goal(ratio: 2), trimming: true),
        route("kept", goal: Goal(cpu: 2000), trimming: false),
      ])
  }

  private func route(_ name: String, goal: Goal, trimming: Bool) -> Route {
    Route(name: name, items: Self.count, isOurs: true, goal: goal) {
      let buffers = try buffers()
      return { _ in
        do {
          var textures: [Texture] = []
          textures.reserveCapacity(buffers.count)
          for buffer in buffers { textures.append(try gpu.register(buffer)) }
        }
        try gpu.collect()
        if trimming { try gpu.trim() }
      }
    }
  }

  private func buffers() throws -> [TextureBuffer] {
    let pool = try TexturePool(for: [gpu])
    let image = ImageDescriptor(width: 128, height: 128, formats: [.abgr8888])
    return try (0..<Self.count).map { _ in try pool.allocate(image) }
  }
}

/// Imports by the bare calls.
@safe struct BareImport {
  @safe struct Image {
    fileprivate let image: EGLImage
    fileprivate let texture: GLuint
  }

  private let create: PFNEGLCREATEIMAGEKHRPROC
  private let destroy: PFNEGLDESTROYIMAGEKHRPROC
  private let target: PFNGLEGLIMAGETARGETTEXTURE2DOESPROC
  private let display: EGLDisplay?

  init() throws {
    // The extensions fix the prototypes of the names.
    guard let create = unsafe eglGetProcAddress("eglCreateImageKHR"),
      let destroy = unsafe eglGetProcAddress("eglDestroyImageKHR"),
      let target = unsafe eglGetProcAddress("glEGLImageTargetTexture2DOES")
    else { throw ProgramFailure("eglGetProcAddress: no eglCreateImageKHR") }
    unsafe self.create = unsafeBitCast(create, to: PFNEGLCREATEIMAGEKHRPROC.self)
    unsafe self.destroy = unsafeBitCast(destroy, to: PFNEGLDESTROYIMAGEKHRPROC.self)
    unsafe self.target = unsafeBitCast(target, to: PFNGLEGLIMAGETARGETTEXTURE2DOESPROC.self)
    unsafe display = eglGetCurrentDisplay()
  }

  func make(of buffer: TextureBuffer) throws -> Image {
    let place = buffer.place(ofPlane: 0)
    guard let descriptor = place.descriptor else {
      throw ProgramFailure("\(buffer.heap ?? ""): no descriptor")
    }
    let attributes: [EGLint] = [
      EGL_WIDTH, EGLint(buffer.layout.width), EGL_HEIGHT, EGLint(buffer.layout.height),
      EGL_LINUX_DRM_FOURCC_EXT, EGLint(bitPattern: buffer.layout.format.fourcc.rawValue),
      EGL_DMA_BUF_PLANE0_FD_EXT, descriptor.rawValue,
      EGL_DMA_BUF_PLANE0_OFFSET_EXT, EGLint(place.offset),
      EGL_DMA_BUF_PLANE0_PITCH_EXT, EGLint(buffer.layout.planes[0].pitch), EGL_NONE,
    ]
    guard
      let image = unsafe create(display, nil, EGLenum(EGL_LINUX_DMA_BUF_EXT), nil, attributes)
    else { throw ProgramFailure("eglCreateImageKHR: no image") }
    let texture = GLTexture.make()
    unsafe target(GLenum(GL_TEXTURE_2D), image)
    return unsafe Image(image: image, texture: texture)
  }

  /// The newest first, as is fastest.
  func destroy(_ images: [Image]) {
    unsafe glDeleteTextures(GLsizei(images.count), images.map(\.texture))
    for image in images.reversed() { _ = unsafe destroy(display, image.image) }
  }
}
