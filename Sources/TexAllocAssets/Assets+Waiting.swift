internal import Synchronization
public import SystemPackage
public import TexAlloc

extension Assets {
  /// The texture of one request. Cancelling the task cancels it.
  ///
  /// The caller is isolated to the thread where the device's context is current: a `RenderThread`, or an
  /// actor of the toolkit's on such a thread. Where it comes back to another thread from a wait, as the
  /// main actor does, that is an error before any file is opened.
  ///
  /// - Parameter isolation: The caller's; leave it alone.
  public func load(
    _ request: AssetRequest, isolation: isolated (any Actor)? = #isolation
  ) async throws(AssetError) -> LoadedTexture<Handle> {
    let loads = LoadingTextures(loader: self, requests: [request])
    let iterator = loads.makeAsyncIterator()
    guard let next = await iterator.next(isolation: isolation) else {
      throw AssetError(request.name, .queued, .cancelled)
    }
    return try next.result.get()
  }

  /// The texture of one file, as ``load(_:isolation:)``.
  public func texture(
    at path: FilePath, isolation: isolated (any Actor)? = #isolation
  ) async throws(AssetError) -> Handle {
    try await load(AssetRequest(path), isolation: isolation).texture
  }

  /// The textures of many requests, in the order in which they are done; where the caller is as for
  /// ``load(_:isolation:)``. What fails fails by itself.
  ///
  /// They begin when the first is waited for, and what is not done is cancelled when nobody iterates any
  /// more, or the task is cancelled.
  public func load(_ requests: [AssetRequest]) -> LoadingTextures<Handle> {
    LoadingTextures(loader: self, requests: requests)
  }
}

/// The textures of many requests, in the order in which they are done; see ``Assets/load(_:)``.
public struct LoadingTextures<Handle: Registration>: AsyncSequence, Sendable {
  public struct Element: Sendable {
    /// Which of the requests.
    public let index: Int
    public let result: Result<LoadedTexture<Handle>, AssetError>
  }

  let loader: Assets<Handle>
  let requests: [AssetRequest]

  public func makeAsyncIterator() -> Iterator { Iterator(loader: loader, requests: requests) }

  public final class Iterator: AsyncIteratorProtocol {
    private let loader: Assets<Handle>
    private let requests: [AssetRequest]
    private let waiting = WaitingLoads()
    private var loads: [LoadID]?
    private var left: Int

    init(loader: Assets<Handle>, requests: [AssetRequest]) {
      self.loader = loader
      self.requests = requests
      left = requests.count
    }

    deinit { if let loads, left > 0 { loader.engine.cancel(loads) } }

    public func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async -> Element? {
      if left == 0 { return nil }
      if loads == nil {
        await leaveAndReturn()
        loads = begin()
      }
      let loads = loads ?? []
      while true {
        let news = await withTaskCancellationHandler {
          await waiting.next()
        } onCancel: { [engine = loader.engine] in
          engine.cancel(loads)
        }
        switch news {
        case .toFetch(let index):
          while fetch(index, loads) {
            // Whatever becomes of the wait, it is tried once more.
            try? await Task.sleep(for: .milliseconds(2))
          }
        case .ended(let index, let outcome):
          left -= 1
          return Element(index: index, result: loader.loaded(outcome, of: requests[index]))
        }
      }
    }

    /// What an actor without a thread does not survive: it goes on where there is room.
    private func leaveAndReturn(isolation: isolated (any Actor)? = #isolation) async {
      await withCheckedContinuation { continuation in
        loader.engine.elsewhere { continuation.resume() }
      }
    }

    private func begin() -> [LoadID] {
      do { try loader.engine.device.withLock({ $0 }).requireReady() } catch {
        for (index, request) in requests.enumerated() {
          waiting.add(
            .ended(index, .failure(AssetError(request.name, .queued, .device(error)))))
        }
        return []
      }
      return requests.enumerated().map { index, request in
        let listener = AssetListener { [waiting] in
          waiting.add(.ended(index, $0))
        } fetch: { [waiting] in
          waiting.add(.toFetch(index))
        }
        return loader.engine.submit(request, listener)
      }
    }

    /// - Returns: Whether it is to be called again in some milliseconds.
    private func fetch(_ index: Int, _ loads: [LoadID]) -> Bool {
      // A device that is lost by now is followed by another, which calls for it again.
      (try? loader.engine.fetch(loads[index])) ?? false
    }
  }
}

/// What is to be done, or was done, of requests that one task waits for.
private final class WaitingLoads: Sendable {
  enum News: Sendable {
    /// It is decoded, and wants the device's thread.
    case toFetch(Int)
    case ended(Int, AssetOutcome)
  }

  private struct State {
    var news: [News] = []
    var first = 0
    var waiter: CheckedContinuation<News, Never>?
  }

  private let state = Mutex(State())

  func add(_ news: News) {
    let waiter = state.withLock { state -> CheckedContinuation<News, Never>? in
      if let waiter = state.waiter.take() { return waiter }
      state.news.append(news)
      return nil
    }
    waiter?.resume(returning: news)
  }

  func next(isolation: isolated (any Actor)? = #isolation) async -> News {
    await withCheckedContinuation { continuation in
      let news = state.withLock { state -> News? in
        guard state.first < state.news.count else {
          state.waiter = continuation
          return nil
        }
        defer {
          state.first += 1
          if state.first == state.news.count { (state.news, state.first) = ([], 0) }
        }
        return state.news[state.first]
      }
      if let news { continuation.resume(returning: news) }
    }
  }
}
