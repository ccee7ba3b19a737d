internal import CEGL
internal import Synchronization
public import TexAlloc

/// The GPU as a component: a display, a context of OpenGL ES or OpenGL, and what they can import.
///
/// Whatever touches OpenGL (registering, collecting) is called on the thread where the context is
/// current. Textures and buffers are let go of on any thread: what the GPU still holds of them waits
/// until ``collect()``. A device of the toolkit's context is itself let go of where that is current:
/// elsewhere nobody can ask when the GPU is done, and the slots that wait are lost to their pool.
@safe public final class EGLDevice: Registrar, @unchecked Sendable {
  // The context is used only on the thread where it is current; everything else is immutable or in
  // `state`.

  /// What it imports; where that is nothing, what it takes a copy of.
  public let attributes: BufferAttributes
  /// What it takes a copy of.
  let copying: BufferAttributes
  /// What it imports; nil where that is nothing. It lists no heap where there is none here that it knows, and
  /// those of other drivers are left.
  let importing: BufferAttributes?
  /// The quirk profiles that go with it, chosen by what it says of itself or by the user.
  public let profiles: [QuirkProfile]
  public let description: DeviceDescription
  public let imageLimit: ImageLimit

  /// What it knows of formats; ``attributes`` have those that it takes.
  public let formats: FormatTable
  /// The only route that textures may take; nil where they take the best that can be had.
  public let demandedRoute: Route?
  /// Why no memory of the machine's heaps is imported; nil where some is. What the application adopts, and
  /// what a heap of its own gives of another driver's, may be all the same.
  public let importObstacle: String?

  let connection: EGLConnection
  /// The one that it was opened for.
  let context: ContextHandle
  let traits: ContextTraits
  let importer: DMABufImport?
  let fences: EGLFenceSync
  let samplingExtras: SamplingExtras
  /// For trying images that may kill it.
  let scratch: OwnContext
  /// For making buffers; see `mappedBuffers()`.
  let maker: OwnContext
  let madeBuffers = Mutex<Result<MappedBuffers, EGLFailure>?>(nil)
  let opened = Mutex<OpenedHeaps?>(nil)
  /// What is made of slabs of those.
  let openedSlabs = SlabCompanion<OpenedMemory>()
  /// Found out when first asked for.
  let sharedSemaphores = Mutex<Result<SharedSemaphores, EGLFailure>?>(nil)
  let finishings = Mutex(FinishingKnowledge())
  /// Held by who finds out what ``finishings`` says of a kind.
  let finishingTrial = Mutex(())
  /// Held by who compares what the GPU shows of a trial image, of whatever kind.
  let pixelTrial = Mutex(())
  let state: Mutex<State>
  let marker: ShareMarker
  let loss = ContextLoss()
  /// The slabs that kept images lie in.
  let slabs = SlabCompanion<KnownSlab>()
  let goneSlabs = GoneSlabs()
  private let ownsContext: Bool

  /// What changes while the device lives.
  struct State {
    var contexts: ContextGroup
    var textures: [TextureBuffer.ID: LiveTextures] = [:]
    var retired: [RetiredTexture] = []
    /// Those that have no end yet, by the context's serial.
    var copies: [UInt64: CopyBatch] = [:]
    /// Of those that have one, as far as nobody has seen them pass.
    var copyEnds: [CopyEnd] = []
    var kept = KeptImages()
    var keptTextures = KeptTextures()
    var targets: [TargetKey: WeakRenderTarget] = [:]
    /// By the context's serial.
    var retiredFramebuffers: [UInt64: Framebuffers] = [:]
    var verdicts = PixelVerdicts<SeenForm>()
    var uploads = KnownUploads()
    var liveImages = 0
    var statistics = DeviceStatistics()
    var onPendingErrors: (@Sendable ([UInt32]) -> Void)?
    var isClosed = false
  }

  /// Opens a device and makes a context without a surface current on this thread.
  ///
  /// - Parameters:
  ///   - choice: Which device.
  ///   - route: The only one that textures may take; the best that can be had where nil.
  ///   - profiles: Instead of those that ``QuirkProfile/known(vendor:renderer:)`` chooses.
  ///   - formats: Those that it may take, if the driver does.
  /// - Throws: `EGLFailure`, unsupported where an extension is missing.
  public static func surfaceless(
    _ choice: DeviceChoice = .automatic, route: Route? = nil,
    profiles: [QuirkProfile]? = nil, formats: FormatTable = .known
  ) throws(EGLFailure) -> EGLDevice {
    try surfaceless(choice.candidates(), route, profiles, formats)
  }

  /// The first device on which a context can be made.
  static func surfaceless(
    _ candidates: [DeviceCandidate], _ route: Route? = nil, _ profiles: [QuirkProfile]? = nil,
    _ formats: FormatTable = .known
  ) throws(EGLFailure) -> EGLDevice {
    var passedOver: [PassedOverDevice] = []
    let before = ContextHandle.current
    for candidate in candidates {
      do throws(EGLFailure) {
        let connection = try candidate.connect()
        let context = try ContextHandle.make(on: connection)
        do {
          try context.makeCurrent()
          return try EGLDevice(
            connection, context, ownsContext: true, route, profiles, formats, after: passedOver)
        } catch {
          ContextHandle.clearCurrent(on: connection)
          try? before?.makeCurrent()
          context.destroy()
          throw error
        }
      } catch {
        passedOver.append(PassedOverDevice(name: candidate.name, failure: error))
      }
    }
    if let only = passedOver.first, passedOver.count == 1 { throw only.failure }
    let isUnsupported = passedOver.allSatisfy(\.failure.isUnsupported)
    let reasons = passedOver.map { "\($0)" }.joined(separator: "; ")
    throw isUnsupported
      ? .unsupported("EGLDevice", reasons.isEmpty ? "there is none" : reasons)
      : .failed("EGLDevice", reasons)
  }

  /// Takes the context that is current on this thread: a toolkit's own, of OpenGL ES 3.0 or of OpenGL
  /// 3.3 and newer.
  ///
  /// - Throws: `EGLFailure`, unsupported where there is none, where it is GLX's, of another API or too
  ///   old, or where an extension is missing.
  public static func current(
    route: Route? = nil, profiles: [QuirkProfile]? = nil, formats: FormatTable = .known
  ) throws(EGLFailure) -> EGLDevice {
    guard let context = ContextHandle.current, let display = unsafe eglGetCurrentDisplay()
    else {
      throw isGLXCurrent()
        ? .unsupported("GLX", "the context on this thread is GLX's; EGL has to make it")
        : .unsupported("eglGetCurrentContext", "no context is current on this thread")
    }
    let renderer = glString(GL_RENDERER)
    let connection = try unsafe EGLConnection(
      display: display, isSoftware: ["llvmpipe", "softpipe"].contains(where: renderer.hasPrefix),
      reason: "its context was current")
    return try EGLDevice(connection, context, ownsContext: false, route, profiles, formats)
  }

  private init(
    _ connection: EGLConnection, _ context: ContextHandle, ownsContext: Bool,
    _ route: Route?, _ profiles: [QuirkProfile]?, _ formats: FormatTable,
    after passedOver: [PassedOverDevice] = []
  ) throws(EGLFailure) {
    self.connection = connection
    self.context = context
    self.ownsContext = ownsContext
    state = Mutex(State(contexts: ContextGroup(context)))
    traits = try .current()
    fences = try EGLFenceSync(connection)
    samplingExtras = SamplingExtras()
    let thread: WorkerThread
    do { thread = try WorkerThread(named: "TexAlloc GPU") } catch {
      throw .failed(error.operation, "\(error)")
    }
    scratch = OwnContext(on: connection, traits, thread)
    maker = OwnContext(on: connection, traits, thread, sharing: context)
    imageLimit = .now()
    demandedRoute = route
    self.formats = formats
    copying = Self.copying(formats)
    if let route, route != .imported {
      (importer, importing, importObstacle) = (nil, nil, "\(route) was demanded")
    } else {
      do throws(EGLFailure) {
        let importer = try DMABufImport(connection)
        let importing = Self.importing(formats, by: importer, on: connection)
        importObstacle = Self.obstacle(importing)
        self.importing = importing.formats?.isEmpty == true ? nil : importing
        self.importer = importer
      } catch {
        (importer, importing, importObstacle) = (nil, nil, "\(error)")
      }
    }
    attributes = importObstacle == nil ? importing ?? copying : copying
    description = DeviceDescription(of: connection, traits, after: passedOver)
    self.profiles =
      profiles ?? QuirkProfile.known(vendor: description.vendor, renderer: description.renderer)
    marker = ShareMarker()
  }

  deinit {
    letGoOfOpenedMemory()
    if isClosed { return destroyOwnContext() }
    // Without a fence the slots would be used again while the GPU still reads them.
    let before = ContextHandle.current
    if isCurrent {
      _ = try? collect()
      marker.delete()
    } else if ownsContext, (try? context.makeCurrent()) != nil {
      _ = try? collect()
      ContextHandle.clearCurrent(on: connection)
      try? before?.makeCurrent()
    }
    let retired = state.withLock { $0.retired }
    for texture in retired where !isLost && texture.objects.showsBuffer {
      texture.buffer.hold(until: UnknownFence())
    }
    destroyImages(
      of: retired.map(\.objects) + state.withLock { $0.takeAllKept() })
    destroyOwnContext()
  }

  /// With what it still draws from: a context that is current lives on, and memory that its last draw sampled.
  private func destroyOwnContext() {
    guard ownsContext else { return }
    if context.isCurrent { ContextHandle.clearCurrent(on: connection) }
    context.destroy()
  }

  /// Makes the context that the device was opened for current on this thread, in place of the one that was.
  ///
  /// - Throws: `EGLFailure`: where it is current on another thread, say.
  public func makeCurrent() throws(EGLFailure) {
    try context.makeCurrent()
  }

  /// Whether the device's context, or one that has joined, is current on this thread: what registers or
  /// collects needs that.
  public var isCurrent: Bool { state.withLock { $0.contexts.current() != nil } }

  /// Textures made so far, by the way they took.
  public var statistics: DeviceStatistics {
    state.withLock {
      var statistics = $0.statistics
      statistics.liveImages = $0.liveImages - $0.kept.count
      statistics.keptImages = $0.kept.count
      return statistics
    }
  }
}
