import CEGL
import CNarrowEGL
import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

@testable import TexAllocEGL

/// The device is a guest in the toolkit's context: it leaves that as it found it.
final class GuestTests: XCTestCase {
  func testEveryCallLeavesTheStateOfOpenGLAsItWas() throws {
    for traits in [ContextTraits.own, ToolkitContext.traits(.leastDesktop, profile: 1)] {
      for route in Route.allCases {
        let toolkit = try ToolkitContext(traits)
        let gpu = try EGLDevice.current(route: route)
        let state = ToolkitState(of: traits.version.api)
        state.set()
        func isUnchanged<Result>(_ call: String, _ body: () throws -> Result) rethrows -> Result {
          let before = state.read()
          defer {
            for (name, value) in state.read() {
              XCTAssertEqual(
                value, before[name], "\(call) by \(route) on \(traits.version): \(name)")
            }
            XCTAssertEqual(glGetError(), 0, "\(call) leaves an error behind")
            XCTAssertTrue(toolkit.handle.isCurrent, call)
          }
          return try body()
        }
        let pool = try TexturePool(for: [gpu])
        let image = ImageDescriptor(width: 70, height: 5, formats: [.abgr8888])
        guard let buffer = try? isUnchanged("allocate", { try pool.allocate(image) }) else {
          continue
        }
        do {
          let texture = try isUnchanged("texture") { try gpu.texture(for: buffer) }
          _ = try? isUnchanged("register") { try gpu.register(buffer) }
          XCTAssertEqual(texture.route, route)
        }
        for fourcc in [Fourcc.nv12, .yuv420, .yuyv] {
          let planes = ImageDescriptor(width: 38, height: 5, formats: [fourcc])
          guard let buffer = try? pool.allocate(planes, for: [.texture, .rewritten]) else {
            continue
          }
          for turn in 0..<2 {
            let texture = try isUnchanged("texture of \(fourcc)") { try gpu.texture(for: buffer) }
            try isUnchanged("contentsChanged") { try texture.contentsChanged(rows: turn..<3) }
          }
          _ = try isUnchanged("collect") { try gpu.collect() }
        }
        let page = try pool.allocate(image, for: [.texture, .rewritten])
        let texture = try isUnchanged("texture") { try gpu.texture(for: page) }
        try isUnchanged("contentsChanged") { try texture.contentsChanged(rows: 1..<3) }
        _ = try? isUnchanged("mipmapped") { try texture.mipmapped() }
        _ = try? isUnchanged("texture") { try gpu.texture(for: page, mipmapped: true) }
        let rendered = try pool.allocate(image, for: .renderTarget)
        _ = try? isUnchanged("registerForRendering") { try gpu.registerForRendering(rendered) }
        let target = try isUnchanged("renderTarget") { try gpu.renderTarget(for: rendered) }
        XCTAssertEqual(target.route, route)
        _ = try isUnchanged("finish") { try target.finish(rows: 1..<3) }
        _ = try isUnchanged("makeFence") { try gpu.makeFence() }
        _ = try? isUnchanged("exportFence") { try gpu.exportFence() }
        let picture = try JPEGImage(SampleFile.make(40, 30))
        for format in [Fourcc.abgr8888, .nv12] {
          let choice = isUnchanged("finisher") {
            gpu.finisher(of: picture, as: format, demanded: .gpu)
          }
          XCTAssertEqual(choice.finisher, route == .transferred ? .gpu : .cpu, "\(choice)")
          guard choice.finisher == .gpu else { continue }
          var stream = try picture.coefficients(in: CoefficientMemory(of: pool))
          stream.pictureFormat = format
          let finished = try isUnchanged("finishing") { try gpu.texture(finishing: stream) }
          XCTAssertEqual(finished.finisher, .gpu)
        }
        _ = try isUnchanged("collect") { try gpu.collect() }
        let other = try ToolkitContext(traits, sharing: toolkit)
        state.set()
        func isUnchangedThere(_ call: String, _ body: () throws -> Void) rethrows {
          let before = state.read()
          try body()
          for (name, value) in state.read() {
            XCTAssertEqual(value, before[name], "\(call) by \(route) on \(traits.version): \(name)")
          }
        }
        try isUnchangedThere("join") { try gpu.join() }
        try isUnchangedThere("use") { try texture.use() }
        try isUnchangedThere("leave") { try gpu.leave() }
        try toolkit.handle.makeCurrent()
        withExtendedLifetime(other) {}
        try isUnchanged("close") { try gpu.close() }
      }
    }
  }

  func testWhatTheApplicationLeftInOpenGLIsToldAndNotTakenForOurs() throws {
    let gpu = try TestDevice.importing()
    let told = Told()
    gpu.onPendingErrors = { errors in told.errors += errors }
    let pool = try TexturePool(for: [gpu])
    let buffer = try pool.allocate(ImageDescriptor(width: 8, height: 8, formats: [.abgr8888]))
    glEnable(0xFFFF)
    let texture = try gpu.texture(for: buffer)
    XCTAssertEqual(texture.route, .imported)
    XCTAssertEqual(told.errors, [UInt32(GL_INVALID_ENUM)])
    try gpu.collect()
    XCTAssertEqual(told.errors.count, 1)
  }

  func testRegisteringWhereAnImportIsKeptLeavesErrorsToTheApplication() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let buffer = try pool.allocate(ImageDescriptor(width: 8, height: 8, formats: [.abgr8888]))
    do { _ = try gpu.register(buffer) }
    try gpu.collect()
    let told = Told()
    gpu.onPendingErrors = { errors in told.errors += errors }
    glEnable(0xFFFF)
    let texture = try gpu.register(buffer)
    XCTAssertEqual(gpu.statistics.reusedImages, 1)
    XCTAssertTrue(try gpu.register(buffer) === texture)
    XCTAssertEqual(told.errors, [])
    XCTAssertEqual(glGetError(), GLenum(GL_INVALID_ENUM))
  }

  func testCollectingNamesTheTexturesThatAreGone() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let image = ImageDescriptor(width: 8, height: 8, formats: [.abgr8888])
    var names: [UInt32] = []
    let held = try gpu.register(pool.allocate(image))
    for _ in 0..<3 { names.append(try gpu.register(pool.allocate(image)).name) }
    XCTAssertEqual(Set(try gpu.collect()), Set(names))
    XCTAssertEqual(try gpu.collect(), [])
    withExtendedLifetime(held) {}
  }

  func testAClosedDeviceHasNothingLeftAndRefusesEverything() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let image = ImageDescriptor(width: 8, height: 8, formats: [.abgr8888])
    let held = try gpu.register(pool.allocate(image))
    var dropped: Texture? = try gpu.register(pool.allocate(image))
    XCTAssertNotNil(dropped)
    dropped = nil
    let target = try gpu.registerForRendering(
      pool.allocate(image, for: [.texture, .renderTarget]))
    XCTAssertEqual(glIsTexture(held.name), GLboolean(GL_TRUE))
    try gpu.close()
    XCTAssertTrue(gpu.isClosed)
    XCTAssertEqual(gpu.statistics.liveImages, 0)
    XCTAssertEqual(glIsTexture(held.name), GLboolean(GL_FALSE))
    XCTAssertEqual(gpu.ledger, [])
    XCTAssertEqual(pool.statistics.slots, 2, "what is held keeps its buffer")
    XCTAssertThrowsError(try gpu.register(held.buffer)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .closed)
    }
    XCTAssertThrowsError(try gpu.collect()) {
      XCTAssertEqual(($0 as? EGLFailure)?.cause, .closed)
    }
    XCTAssertNoThrow(try gpu.close())
    withExtendedLifetime(target) {}
    let next = try EGLDevice.surfaceless(.tested)
    XCTAssertEqual(try next.register(held.buffer).route, .imported)
  }

  func testAWaitThatFailsIsNoFenceThatPassed() throws {
    let gpu = try TestDevice.importing()
    let fence = try gpu.makeFence()
    glFinish()
    narrow_egl_set(failingWaits)
    defer { narrow_egl_set(narrow_egl()) }
    XCTAssertFalse(fence.hasPassed)
    XCTAssertFalse(fence.wait(until: .now))
  }

  private var failingWaits: narrow_egl {
    var narrowing = narrow_egl()
    narrowing.fails_to_wait = true
    return narrowing
  }

  /// On one thread.
  private final class Told: @unchecked Sendable {
    var errors: [UInt32] = []
  }
}

/// The state of a context as a toolkit may have set it: nowhere what it is at the start.
private struct ToolkitState {
  private let numbers: [(String, Int32)]
  private let switches: [(String, Int32)]
  private let isDesktop: Bool

  init(of api: GraphicsAPI) {
    isDesktop = api == .openGL
    numbers =
      [
        ("ACTIVE_TEXTURE", GL_ACTIVE_TEXTURE), ("TEXTURE_BINDING_2D", GL_TEXTURE_BINDING_2D),
        ("TEXTURE_BINDING_3D", GL_TEXTURE_BINDING_3D),
        ("TEXTURE_BINDING_CUBE_MAP", GL_TEXTURE_BINDING_CUBE_MAP),
        ("TEXTURE_BINDING_2D_ARRAY", GL_TEXTURE_BINDING_2D_ARRAY),
        ("SAMPLER_BINDING", GL_SAMPLER_BINDING), ("ARRAY_BUFFER", GL_ARRAY_BUFFER_BINDING),
        ("PIXEL_PACK_BUFFER", GL_PIXEL_PACK_BUFFER_BINDING),
        ("PIXEL_UNPACK_BUFFER", GL_PIXEL_UNPACK_BUFFER_BINDING),
        ("UNIFORM_BUFFER", GL_UNIFORM_BUFFER_BINDING),
        ("SHADER_STORAGE_BUFFER", GL_SHADER_STORAGE_BUFFER_BINDING),
        ("COPY_READ_BUFFER", GL_COPY_READ_BUFFER), ("COPY_WRITE_BUFFER", GL_COPY_WRITE_BUFFER),
        ("VERTEX_ARRAY", GL_VERTEX_ARRAY_BINDING), ("CURRENT_PROGRAM", GL_CURRENT_PROGRAM),
        ("DRAW_FRAMEBUFFER", GL_DRAW_FRAMEBUFFER_BINDING),
        ("READ_FRAMEBUFFER", GL_READ_FRAMEBUFFER_BINDING),
        ("RENDERBUFFER", GL_RENDERBUFFER_BINDING), ("VIEWPORT", GL_VIEWPORT),
        ("SCISSOR_BOX", GL_SCISSOR_BOX), ("COLOR_CLEAR_VALUE", GL_COLOR_CLEAR_VALUE),
        ("COLOR_WRITEMASK", GL_COLOR_WRITEMASK), ("BLEND_SRC_RGB", GL_BLEND_SRC_RGB),
        ("BLEND_DST_RGB", GL_BLEND_DST_RGB), ("BLEND_SRC_ALPHA", GL_BLEND_SRC_ALPHA),
        ("BLEND_DST_ALPHA", GL_BLEND_DST_ALPHA), ("DEPTH_WRITEMASK", GL_DEPTH_WRITEMASK),
        ("DEPTH_FUNC", GL_DEPTH_FUNC), ("CULL_FACE_MODE", GL_CULL_FACE_MODE),
        ("FRONT_FACE", GL_FRONT_FACE), ("READ_BUFFER", GL_READ_BUFFER),
        ("DRAW_BUFFER0", GL_DRAW_BUFFER0), ("PACK_ALIGNMENT", GL_PACK_ALIGNMENT),
        ("PACK_ROW_LENGTH", GL_PACK_ROW_LENGTH), ("PACK_SKIP_ROWS", GL_PACK_SKIP_ROWS),
        ("PACK_SKIP_PIXELS", GL_PACK_SKIP_PIXELS), ("UNPACK_ALIGNMENT", GL_UNPACK_ALIGNMENT),
        ("UNPACK_ROW_LENGTH", GL_UNPACK_ROW_LENGTH), ("UNPACK_SKIP_ROWS", GL_UNPACK_SKIP_ROWS),
        ("UNPACK_SKIP_PIXELS", GL_UNPACK_SKIP_PIXELS),
        ("UNPACK_IMAGE_HEIGHT", GL_UNPACK_IMAGE_HEIGHT),
        ("UNPACK_SKIP_IMAGES", GL_UNPACK_SKIP_IMAGES),
      ]
      + (isDesktop
        ? [
          ("UNPACK_SWAP_BYTES", GL_UNPACK_SWAP_BYTES), ("UNPACK_LSB_FIRST", GL_UNPACK_LSB_FIRST),
          ("PACK_SWAP_BYTES", GL_PACK_SWAP_BYTES), ("PACK_LSB_FIRST", GL_PACK_LSB_FIRST),
        ] : [("TEXTURE_BINDING_EXTERNAL_OES", GL_TEXTURE_BINDING_EXTERNAL_OES)])
    switches = [
      ("BLEND", GL_BLEND), ("CULL_FACE", GL_CULL_FACE), ("DEPTH_TEST", GL_DEPTH_TEST),
      ("DITHER", GL_DITHER), ("SCISSOR_TEST", GL_SCISSOR_TEST), ("STENCIL_TEST", GL_STENCIL_TEST),
      ("RASTERIZER_DISCARD", GL_RASTERIZER_DISCARD),
    ]
  }

  func set() {
    glActiveTexture(GLenum(GL_TEXTURE0 + 3))
    var name: GLuint = 0
    unsafe glGenTextures(1, &name)
    glBindTexture(GLenum(GL_TEXTURE_2D), name)
    if !isDesktop {
      unsafe glGenTextures(1, &name)
      glBindTexture(GLenum(GL_TEXTURE_EXTERNAL_OES), name)
    }
    for target in [GL_PIXEL_UNPACK_BUFFER, GL_PIXEL_PACK_BUFFER, GL_ARRAY_BUFFER] {
      unsafe glGenBuffers(1, &name)
      glBindBuffer(GLenum(target), name)
      glBufferData(GLenum(target), 64, nil, GLenum(GL_STREAM_DRAW))
    }
    unsafe glGenVertexArrays(1, &name)
    glBindVertexArray(name)
    unsafe glGenRenderbuffers(1, &name)
    glBindRenderbuffer(GLenum(GL_RENDERBUFFER), name)
    for target in [GL_DRAW_FRAMEBUFFER, GL_READ_FRAMEBUFFER] {
      unsafe glGenFramebuffers(1, &name)
      glBindFramebuffer(GLenum(target), name)
    }
    unsafe glGenBuffers(1, &name)
    for index in 0..<GLuint(4) {
      glBindBuffer(GLenum(GL_SHADER_STORAGE_BUFFER), name)
      glBufferData(GLenum(GL_SHADER_STORAGE_BUFFER), 4096, nil, GLenum(GL_STREAM_DRAW))
      glBindBufferRange(GLenum(GL_SHADER_STORAGE_BUFFER), index, name, 256 * Int(index + 1), 512)
    }
    glBindBuffer(GLenum(GL_SHADER_STORAGE_BUFFER), name)
    unsafe glGenTextures(1, &name)
    withTextureBound(name) {
      glTexStorage2D(GLenum(GL_TEXTURE_2D), 2, GLenum(GL_RGBA8), 8, 8)
    }
    glBindImageTexture(
      0, name, 1, GLboolean(GL_TRUE), 0, GLenum(GL_READ_WRITE), GLenum(GL_RGBA8UI))
    for (parameter, value) in [
      (GL_UNPACK_ALIGNMENT, 2), (GL_UNPACK_ROW_LENGTH, 77), (GL_UNPACK_SKIP_ROWS, 3),
      (GL_UNPACK_SKIP_PIXELS, 5), (GL_UNPACK_IMAGE_HEIGHT, 9), (GL_UNPACK_SKIP_IMAGES, 1),
      (GL_PACK_ALIGNMENT, 8), (GL_PACK_ROW_LENGTH, 66), (GL_PACK_SKIP_ROWS, 2),
    ] { glPixelStorei(GLenum(parameter), GLint(value)) }
    if isDesktop { glPixelStorei(GLenum(GL_UNPACK_SWAP_BYTES), 1) }
    glViewport(3, 4, 55, 66)
    glClearColor(0.25, 0.5, 0.75, 1)
    glEnable(GLenum(GL_BLEND))
    glEnable(GLenum(GL_SCISSOR_TEST))
    glBlendFunc(GLenum(GL_DST_COLOR), GLenum(GL_ZERO))
  }

  func read() -> [String: [Int32]] {
    var state: [String: [Int32]] = [:]
    for (name, parameter) in numbers {
      var values = [GLint](repeating: 0, count: 16)
      unsafe glGetIntegerv(GLenum(parameter), &values)
      state[name] = values
    }
    for index in 0..<4 {
      for (word, parameter) in [
        ("NAME", GL_SHADER_STORAGE_BUFFER_BINDING), ("START", GL_SHADER_STORAGE_BUFFER_START),
        ("SIZE", GL_SHADER_STORAGE_BUFFER_SIZE),
      ] {
        var value: GLint64 = 0
        unsafe glGetInteger64i_v(GLenum(parameter), GLuint(index), &value)
        state["SHADER_STORAGE_BUFFER \(index) \(word)"] = [Int32(value)]
      }
    }
    for (word, parameter) in [
      ("NAME", GL_IMAGE_BINDING_NAME), ("LEVEL", GL_IMAGE_BINDING_LEVEL),
      ("LAYERED", GL_IMAGE_BINDING_LAYERED), ("LAYER", GL_IMAGE_BINDING_LAYER),
      ("ACCESS", GL_IMAGE_BINDING_ACCESS), ("FORMAT", GL_IMAGE_BINDING_FORMAT),
    ] {
      var value: GLint = 0
      unsafe glGetIntegeri_v(GLenum(parameter), 0, &value)
      state["IMAGE \(word)"] = [value]
    }
    let isEnabled = unsafe eglFunction("glIsEnabled", as: PFNGLISENABLEDPROC.self)
    for (name, parameter) in switches {
      state[name] = [Int32(isEnabled?(GLenum(parameter)) ?? 2)]
    }
    return state
  }
}
