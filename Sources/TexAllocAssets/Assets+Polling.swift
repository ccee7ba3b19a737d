public import SystemPackage
public import TexAlloc

extension Assets {
  /// Has a request loaded.
  ///
  /// - Parameter completion: Is called once, by a poll, on the thread that polls; by the last holder of
  ///   the loader where there is no poll any more.
  /// - Returns: To hasten or cancel it. It need not be held.
  @discardableResult
  public func submit(
    _ request: AssetRequest,
    then completion: @escaping @Sendable (Result<LoadedTexture<Handle>, AssetError>) -> Void
  ) -> AssetLoad {
    submit(request, image: nil, then: completion)
  }

  /// Has a texture made again that a device took with it which is lost: registers its buffer where that
  /// lies in no memory of the device's, else decodes its file again.
  ///
  /// - Parameter completion: As of ``submit(_:then:)-(AssetRequest,_)``.
  @discardableResult
  public func submit(
    _ lost: LoadedTexture<Handle>,
    then completion: @escaping @Sendable (Result<LoadedTexture<Handle>, AssetError>) -> Void
  ) -> AssetLoad {
    let image = DecodedImage(
      contents: .pixels(lost.texture.buffer), header: lost.header, report: lost.report)
    return submit(lost.request, image: image.isForAnyDevice ? image : nil, then: completion)
  }

  private func submit(
    _ request: AssetRequest, image: DecodedImage?,
    then completion: @escaping @Sendable (Result<LoadedTexture<Handle>, AssetError>) -> Void
  ) -> AssetLoad {
    let listener = AssetListener { [weak self] outcome in
      // A loader that is gone has nothing but errors to tell.
      switch outcome {
      case .failure(let error): completion(.failure(error))
      case .success: if let self { completion(loaded(outcome, of: request)) }
      }
    }
    return AssetLoad(
      engine.submit(request, listener, image: image), named: request.name, of: engine)
  }

  /// Registers what is decoded, and calls the completions of what has ended, until the time is up; then
  /// collects what the device holds of textures that nobody holds. Once a frame, on the thread where the
  /// device's context is current.
  ///
  /// A GPU that finishes pictures is given two milliseconds' work for it by each poll.
  ///
  /// - Parameter budget: When it is spent nothing more is begun; one thing is done in any case.
  /// - Throws: `RegistrationRefused` with the causes `lost`, `closed`, `wrongThread`: then nothing was
  ///   called, and nothing has ended. Where that comes about after something has ended, the next poll
  ///   throws.
  @discardableResult
  public func poll(budget: Duration) throws(RegistrationRefused) -> AssetPoll {
    try engine.poll(budget: budget)
  }

  /// Polls as readable while ``poll(budget:)`` has something to do; for a main loop that sleeps: poll(2),
  /// epoll(7). After a poll has thrown `lost` or `closed` it does not before the loader goes on with
  /// another device. It is open as long as the loader lives, and nobody reads or closes it.
  public var wakeUp: FileDescriptor { engine.wakeUp }

  /// Gives many requests new priorities at once; of equals, the first is the most urgent. Those that have
  /// ended stay as they are.
  public func prioritize(_ changes: [(load: AssetLoad, priority: AssetPriority)]) {
    engine.prioritize(changes.map { ($0.load.id, $0.priority) })
  }

  /// Cancels many at once, as ``AssetLoad/cancel()``.
  public func cancel(_ loads: [AssetLoad]) { engine.cancel(loads.map(\.id)) }
}
