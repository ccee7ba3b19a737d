public import TexAlloc

/// Files to textures: read and decoded on threads of its own, straight into memory of the pool, and
/// registered on the thread where the device's context is current.
///
/// ```swift
/// let assets = try Assets(gpu: gpu, pool: pool)
/// ```
///
/// A loop that must not wait, as a toolkit's, submits and polls:
///
/// ```swift
/// let load = assets.submit("photo.jpg") { result in show(result) }  // called by a poll
/// assets.prioritize(scrolledIn.map { ($0, .visible) } + scrolledOut.map { ($0, .past) })
/// load.cancel()
///
/// try assets.poll(budget: .milliseconds(2))  // once a frame, where the context is current
/// ```
///
/// A loop that sleeps adds ``wakeUp`` to what wakes it. Whoever can wait on that thread, as on a
/// `RenderThread`, waits:
///
/// ```swift
/// let photo = try await assets.load("photo.jpg")
/// for await next in assets.load(paths.map { AssetRequest($0) }) { show(next.result, at: next.index) }
/// ```
///
/// Every request ends once: with a texture, with an ``AssetError``, or cancelled. The most urgent goes
/// first, by ``AssetPriority``, which may change at any time. Equal requests share the work. What the
/// pool's budget has no room for waits until somebody lets go of textures; ``AssetLimits`` say how much
/// is under way. A file that cannot be decoded is not looked into again before it changes.
///
/// Files are read whole on threads for that, some for each file system, so that one which hangs stops no
/// other; then decoded on ``workers``. Neither Swift's threads are blocked, nor the caller's.
///
/// Any thread may submit, prioritize and cancel. ``close()`` ends what is under way as closed, on
/// the thread that calls it; so does the last holder who lets go of the loader.
public final class Assets<Handle: Registration>: Sendable {
  let engine: AssetEngine

  init(_ engine: AssetEngine) { self.engine = engine }

  /// A loader for any device that takes a buffer on the thread that polls or waits. It does for the
  /// device what every `Registrar` is asked for, and no more.
  ///
  /// - Parameters:
  ///   - device: Takes part in the pool.
  ///   - decoders: Kinds of files; of those that recognise one, the first has it.
  ///   - workers: Threads that decode; of its own where nil, one less than there are processors for the
  ///     process.
  /// - Throws: `SystemFailure` where the process may have no more threads or descriptors.
  public convenience init<Device: Registrar>(
    device: Device, pool: TexturePool, decoders: [any ImageDecoder],
    limits: AssetLimits = AssetLimits(), on workers: WorkerThreads? = nil
  ) throws(SystemFailure) where Device.Handle == Handle {
    self.init(
      try AssetEngine(.registrar(device), pool, decoders, limits, on: workers, from: .system()))
  }

  deinit { engine.close() }

  /// Ends what is under way as closed, and calls its completions on this thread, although others may hold
  /// the loader. What is submitted afterwards ends as closed, too, as the next poll tells. Closing twice
  /// changes nothing. A completion that another thread's poll has begun to call may go on after this.
  public func close() { engine.close() }

  /// The threads that decode, for others that have work: rasterising glyphs, converting rows.
  public var workers: WorkerThreads { engine.workers }

  /// What is under way, and what was done so far.
  public var statistics: AssetStatistics { engine.statistics }

  /// Goes on with another device after the last one was lost. Images that were decoded and not registered
  /// yet stay where their memory is no device's own; others are decoded again. Nothing ends by a loss: it
  /// waits for this.
  ///
  /// Textures that were loaded before are ``submit(_:then:)-(LoadedTexture<Handle>,_)``'s.
  public func goOn<Device: Registrar>(
    with device: Device, pool: TexturePool
  ) where Device.Handle == Handle {
    engine.goOn(with: .registrar(device), pool)
  }

  func loaded(_ outcome: AssetOutcome, of request: AssetRequest) -> Result<
    LoadedTexture<Handle>, AssetError
  > {
    outcome.map { image in
      guard let texture = image.registration as? Handle else {
        preconditionFailure("\(type(of: image.registration)) is no \(Handle.self)")
      }
      var header = image.header
      if !request.isOriented { header.orientation = .upright }
      return LoadedTexture(
        texture: texture, header: header, report: image.report, times: image.times,
        request: request)
    }
  }
}
