import CEGL
import CNarrowEGL
import Synchronization
import TestSupport
import XCTest

@testable import TexAlloc
@testable import TexAllocEGL

/// A device in several contexts of a toolkit's share group, each on a thread of its own.
final class JoinedContextTests: XCTestCase {
  override func tearDown() { narrow_egl_set(narrow_egl()) }

  func testEveryCallWorksInAContextThatHasJoined() throws {
    for traits in Self.kinds {
      for route in Route.allCases {
        let (toolkit, gpu, window) = try opened(traits, route)
        let pool = try TexturePool(for: [gpu])
        let before = try pool.painted(image, 11)
        try window.run { _ in
          XCTAssertThrowsError(try gpu.texture(for: before)) {
            XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .wrongThread)
          }
          try gpu.join()
          try gpu.join()
          XCTAssertEqual(gpu.contextCount, 2)
          XCTAssertTrue(gpu.isCurrent)
          let texture = try gpu.texture(for: before)
          XCTAssertEqual(texture.route, route)
          XCTAssertEqual(try texture.shownPixels().first, 11, "\(route) on \(traits.version)")
          let page = try gpu.texture(for: pool.painted(image, 12, [.texture, .rewritten]))
          page.buffer.paint(13)
          try page.contentsChanged()
          XCTAssertEqual(try page.shownPixels().first, 13)
          let target = try gpu.renderTarget(
            for: pool.allocate(image, for: [.texture, .renderTarget]))
          XCTAssertTrue(try target.finish().wait(until: .now + .seconds(60)))
          try gpu.collect()
          try gpu.trim()
        }
        try gpu.collect()
        XCTAssertThrowsError(try gpu.close()) {
          XCTAssertEqual(($0 as? EGLFailure)?.cause, .joined)
        }
        try window.run { _ in
          try gpu.leave()
          XCTAssertFalse(gpu.isCurrent)
        }
        try gpu.close()
        withExtendedLifetime(toolkit) {}
      }
    }
  }

  func testErrorsThatAContextHeldBeforeItJoinsAreTold() throws {
    let (toolkit, gpu, window) = try opened(.own, .imported)
    let told = Mutex<[UInt32]>([])
    gpu.onPendingErrors = { errors in told.withLock { $0 += errors } }
    try window.run { _ in
      glEnable(0xFFFF)
      try gpu.join()
      try gpu.leave()
    }
    XCTAssertEqual(told.withLock { $0 }, [UInt32(GL_INVALID_ENUM)])
    withExtendedLifetime(toolkit) {}
  }

  func testWhatOneContextMakesAnotherShows() throws {
    for traits in Self.kinds {
      for route in Route.allCases {
        let (toolkit, gpu, window) = try opened(traits, route)
        let pool = try TexturePool(for: [gpu])
        try window.run { _ in try gpu.join() }
        for value in UInt8(1)..<20 {
          let texture = try window.run { _ in
            try gpu.texture(for: pool.painted(image, value, [.texture, .rewritten]))
          }
          try texture.use()
          XCTAssertEqual(try texture.shownPixels().first, value, "\(route) on \(traits.version)")
          try window.run { _ in
            texture.buffer.paint(value + 100)
            try texture.contentsChanged()
          }
          XCTAssertTrue(try gpu.texture(for: texture.buffer) === texture)
          XCTAssertEqual(try texture.shownPixels().first, value + 100)
        }
        try window.run { _ in try gpu.leave() }
        withExtendedLifetime(toolkit) {}
      }
    }
  }

  func testASlotReturnsAfterAFenceOfEachContextThatUsedIt() throws {
    let (toolkit, gpu, window) = try opened(.own, .imported)
    let pool = try TexturePool(for: [gpu])
    try window.run { _ in try gpu.join() }
    var texture: Texture? = try gpu.register(pool.painted(image, 1))
    let name = try XCTUnwrap(texture?.name)
    try window.run { [texture] _ in try texture?.use() }
    texture = nil
    XCTAssertEqual(try gpu.collect(), [name])
    XCTAssertEqual(try gpu.collect(), [])
    try waitForGPU(gpu)
    pool.collect()
    XCTAssertEqual(pool.statistics.slots, 1, "the window may be drawing it")
    XCTAssertEqual(glIsTexture(name), 1)
    try window.run { _ in
      XCTAssertEqual(try gpu.collect(), [name])
      try waitForGPU(gpu)
    }
    pool.collect()
    XCTAssertEqual(pool.statistics.slots, 0)

    texture = try gpu.register(pool.painted(image, 2))
    texture = nil
    try gpu.collect()
    try waitForGPU(gpu)
    pool.collect()
    XCTAssertEqual(pool.statistics.slots, 0, "the window has not used it")
    try window.run { _ in try gpu.leave() }
    withExtendedLifetime(toolkit) {}
  }

  func testWhatOneContextKeepsAnotherTakesOverAndSamplesAsNew() throws {
    for traits in Self.kinds {
      let (toolkit, gpu, window) = try opened(traits, .imported)
      let pool = try TexturePool(for: [gpu])
      try window.run { _ in try gpu.join() }
      var texture: Texture? = try gpu.register(pool.painted(image, 1))
      let name = try XCTUnwrap(texture?.name)
      texture = nil
      try gpu.collect()
      try waitForGPU(gpu)
      try window.run { _ in
        let settings = [(GL_TEXTURE_MAG_FILTER, GL_NEAREST), (GL_TEXTURE_SWIZZLE_R, GL_ZERO)]
        withTextureBound(name) {
          for (parameter, value) in settings {
            glTexParameteri(GLenum(GL_TEXTURE_2D), GLenum(parameter), value)
          }
        }
        let bound = glInteger(GL_TEXTURE_BINDING_2D)
        let next = try gpu.register(pool.painted(image, 2))
        XCTAssertEqual(glInteger(GL_TEXTURE_BINDING_2D), bound)
        XCTAssertEqual(glGetError(), GLenum(GL_NO_ERROR))
        XCTAssertEqual(next.name, name)
        XCTAssertEqual(gpu.statistics.reusedImages, 1)
        XCTAssertEqual(next.parameter(GL_TEXTURE_MAG_FILTER), GL_LINEAR)
        XCTAssertEqual(next.parameter(GL_TEXTURE_SWIZZLE_R), GL_RED)
        XCTAssertEqual(try next.shownPixels().first, 2, "\(traits.version)")
        try gpu.leave()
      }
      try gpu.close()
      withExtendedLifetime(toolkit) {}
    }
  }

  func testAContextThatLeavesIsWaitedForNoMore() throws {
    let (toolkit, gpu, window) = try opened(.own, .imported)
    let pool = try TexturePool(for: [gpu])
    try window.run { _ in try gpu.join() }
    let target = try window.run { _ in
      let target = try gpu.registerForRendering(
        pool.allocate(image, for: [.texture, .renderTarget]))
      try target.finish()
      return target
    }
    XCTAssertThrowsError(try target.finish()) {
      XCTAssertEqual(($0 as? EGLFailure)?.cause, .wrongThread)
    }
    let own = try gpu.registerForRendering(target.buffer)
    XCTAssertFalse(own === target, "framebuffers stay with their context")
    try own.finish()
    var texture: Texture? = try gpu.register(pool.painted(image, 1))
    try window.run { [texture] _ in try texture?.use() }
    texture = nil
    try window.run { window in
      try gpu.leave()
      XCTAssertEqual(gpu.contextCount, 1)
      XCTAssertThrowsError(try target.finish()) {
        XCTAssertEqual(($0 as? EGLFailure)?.cause, .wrongThread)
      }
      let isFramebuffer = unsafe eglFunction("glIsFramebuffer", as: PFNGLISFRAMEBUFFERPROC.self)
      XCTAssertEqual(isFramebuffer?(target.framebuffer), 0)
      window = nil
    }
    try gpu.collect()
    try waitForGPU(gpu)
    pool.collect()
    XCTAssertEqual(pool.statistics.slots, 1, "that of the target")
    XCTAssertThrowsError(try gpu.leave()) { XCTAssertEqual(($0 as? EGLFailure)?.cause, .failed) }
    withExtendedLifetime((toolkit, own)) {}
  }

  func testTheFirstContextMayGoAndTheOthersGoOn() throws {
    for traits in Self.kinds {
      for route in Route.allCases {
        var (toolkit, gpu, window): (ToolkitContext?, EGLDevice, Window) = try opened(traits, route)
        let pool = try TexturePool(for: [gpu])
        let early = try gpu.texture(for: pool.painted(image, 5))
        try window.run { _ in try gpu.join() }
        try gpu.leave()
        withExtendedLifetime(toolkit) {}
        toolkit = nil
        try window.run { _ in
          try early.use()
          XCTAssertEqual(try early.shownPixels().first, 5)
          let late = try gpu.texture(for: pool.painted(image, 6))
          XCTAssertEqual(late.route, route)
          XCTAssertEqual(try late.shownPixels().first, 6)
          try gpu.close()
        }
      }
    }
  }

  /// Their textures carry no fence from when their context was the only one.
  func testTexturesOfBeforeTheJoinWaitForTheirContextsNextCall() throws {
    let (toolkit, gpu, window) = try opened(.own, .uploaded)
    let pool = try TexturePool(for: [gpu])
    let texture = try gpu.texture(for: pool.painted(image, 5))
    let isUsed = expectation(description: "the window uses it")
    let isEarly = expectation(description: "the window waits")
    isEarly.isInverted = true
    window.begin {
      try gpu.join()
      try texture.use()
      XCTAssertEqual(try texture.shownPixels().first, 5)
      isEarly.fulfill()
      isUsed.fulfill()
    }
    wait(for: [isEarly], timeout: 0.2)
    try gpu.collect()
    wait(for: [isUsed], timeout: 60)
    try window.run { _ in try gpu.leave() }
    withExtendedLifetime(toolkit) {}
  }

  func testContextsOfOneThreadWaitForNobody() throws {
    let toolkit = try ToolkitContext()
    let gpu = try EGLDevice.current(route: .uploaded)
    let pool = try TexturePool(for: [gpu])
    let texture = try gpu.texture(for: pool.painted(image, 5))
    let other = try ToolkitContext(sharing: toolkit)
    try gpu.join()
    try texture.use()
    XCTAssertTrue(other.handle.isCurrent)
    XCTAssertEqual(try texture.shownPixels().first, 5)
    try gpu.leave()
    try toolkit.handle.makeCurrent()
    try gpu.close()
  }

  func testAContextThatDoesNotSuitIsRefusedAndChangesNothing() throws {
    let (toolkit, gpu, window) = try opened(.own, .uploaded)
    func refuses(_ cause: EGLFailure.Cause, _ words: String) {
      XCTAssertThrowsError(try gpu.join()) {
        XCTAssertEqual(($0 as? EGLFailure)?.cause, cause, words)
      }
      XCTAssertEqual(gpu.contextCount, 1)
    }
    try window.run { window in
      window = nil
      refuses(.wrongThread, "none is current")
      for traits in [ContextTraits.own, ToolkitContext.traits(.leastDesktop, profile: 1)] {
        let stranger = try ToolkitContext(traits)
        refuses(.notShared, "\(traits.version)")
        let texture = try makeSampledTexture {}
        // A buffer of the same name is another one.
        for _ in 0..<40 {
          var name: GLuint = 0
          unsafe glGenBuffers(1, &name)
          glBindBuffer(GLenum(GL_ARRAY_BUFFER), name)
          glBufferData(GLenum(GL_ARRAY_BUFFER), 32, nil, GLenum(GL_STATIC_DRAW))
        }
        refuses(.notShared, "\(traits.version)")
        XCTAssertEqual(glIsTexture(texture), 1)
        withExtendedLifetime(stranger) {}
      }
      let old = try ToolkitContext(sharing: toolkit)
      var narrowing = narrow_egl()
      narrowing.says_es2 = true
      narrow_egl_set(narrowing)
      refuses(.unsupported, "OpenGL ES 2.0")
      narrow_egl_set(narrow_egl())
      withExtendedLifetime(old) {}
    }
    try gpu.close()
    XCTAssertThrowsError(try gpu.join()) { XCTAssertEqual(($0 as? EGLFailure)?.cause, .closed) }
  }

  func testManyFramesInTwoContextsShowTheirPicturesAndLoseNoSlot() throws {
    for route in Route.allCases {
      let (toolkit, gpu, window) = try opened(.own, route)
      let pool = try TexturePool(for: [gpu])
      try window.run { _ in try gpu.join() }
      let mailbox = Mailbox()
      let isOver = expectation(description: "the window has drawn its frames")
      window.begin {
        for frame in 0..<60 {
          if let (texture, value) = mailbox.take() {
            try texture.use()
            XCTAssertEqual(try texture.shownPixels().first, value)
          }
          let value = UInt8(frame + 100)
          let texture = try gpu.texture(for: pool.painted(image, value))
          XCTAssertEqual(try texture.shownPixels().first, value)
          try gpu.collect()
        }
        isOver.fulfill()
      }
      for frame in UInt8(0)..<60 {
        let texture = try gpu.texture(for: pool.painted(image, frame))
        mailbox.put(texture, frame)
        XCTAssertEqual(try texture.shownPixels().first, frame)
        try gpu.collect()
      }
      wait(for: [isOver], timeout: 60)
      _ = mailbox.take()
      try window.run { _ in
        try gpu.collect()
        try gpu.leave()
      }
      try gpu.collect()
      try waitForGPU(gpu)
      pool.collect()
      XCTAssertEqual(pool.statistics.slots, 0, "\(route)")
      withExtendedLifetime(toolkit) {}
    }
  }

  private static let kinds = [
    ContextTraits.own, ToolkitContext.traits(.leastDesktop, profile: 1),
  ]

  /// A toolkit's context on this thread with a device, and another that shares with it on a thread of its
  /// own.
  private func opened(
    _ traits: ContextTraits, _ route: Route
  ) throws -> (ToolkitContext, EGLDevice, Window) {
    let toolkit = try ToolkitContext(traits)
    let gpu = try EGLDevice.current(route: route)
    if route == .imported, let obstacle = gpu.importObstacle {
      throw XCTSkip("no import here: \(obstacle)")
    }
    return (toolkit, gpu, try Window(traits, sharing: toolkit))
  }
}

/// A thread with a context of a share group.
private final class Window: @unchecked Sendable {  // the context is used on the thread only
  private let thread: WorkerThread
  private var context: ToolkitContext?

  init(_ traits: ContextTraits, sharing other: ToolkitContext) throws {
    thread = try WorkerThread(named: "window")
    try run { context in context = try ToolkitContext(traits, sharing: other) }
  }

  deinit { thread.run { context = nil } }

  @discardableResult
  func run<Result: Sendable>(_ body: (inout ToolkitContext?) throws -> Result) throws -> Result {
    try thread.run { try body(&context) }
  }

  func begin(_ body: @escaping @Sendable () throws -> Void) {
    thread.begin {
      do { try body() } catch { XCTFail("\(error)") }
    }
  }
}

/// A texture on its way from one thread to another; the latest.
private final class Mailbox: @unchecked Sendable {  // behind the lock
  private let lock = NSLock()
  private var content: (Texture, UInt8)?

  func put(_ texture: Texture, _ value: UInt8) { lock.withLock { content = (texture, value) } }

  func take() -> (Texture, UInt8)? {
    lock.withLock {
      defer { content = nil }
      return content
    }
  }
}

private let image = ImageDescriptor(width: 24, height: 6, formats: [.abgr8888])

private func waitForGPU(_ gpu: EGLDevice) throws {
  XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
}
