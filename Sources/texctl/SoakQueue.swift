internal import Glibc
internal import Synchronization
internal import TexAlloc

/// Images on their way from the threads that write them to the one that draws.
final class SoakQueue: Sendable {
  private struct State {
    var images: [TextureBuffer] = []
    var failures = 0
    var isClosed = false
  }

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) { self.limit = limit }

  var isClosed: Bool { state.withLock { $0.isClosed } }
  var failures: Int { state.withLock { $0.failures } }

  func close() { state.withLock { $0.isClosed = true } }
  func countFailure() { state.withLock { $0.failures += 1 } }

  /// Waits while as many images wait as may; drops the image where the queue is closed.
  func append(_ image: TextureBuffer) {
    while true {
      let isDone = state.withLock { state in
        guard !state.isClosed else { return true }
        guard state.images.count < limit else { return false }
        state.images.append(image)
        return true
      }
      if isDone { return }
      usleep(100)
    }
  }

  func takeAll() -> [TextureBuffer] {
    state.withLock { state in
      defer { state.images = [] }
      return state.images
    }
  }
}
