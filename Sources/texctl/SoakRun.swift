internal import Dispatch
internal import Glibc
internal import ProgramSupport
internal import Synchronization
internal import TexAlloc
internal import TexAllocEGL

/// Threads that write images, and this one, which has the context and draws them: in rounds, after
/// each of which everything is let go of. What the process then has more of than before, it leaks.
struct SoakRun {
  /// As many as toolkits have. A driver keeps the images of a frame until it is drawn.
  private static let framesInFlight = 2

  private let gpu: EGLDevice
  private let pool: TexturePool
  private let canvas: Canvas
  private let threads: Int

  init(on options: DeviceOptions, threads: Int) throws {
    gpu = try options.open()
    pool = try TexturePool(for: [gpu], limits: PoolLimits(budget: 128 << 20))
    canvas = try Canvas(width: 64, height: 64)
    self.threads = threads
  }

  /// - Parameters:
  ///   - rounds: The last images of each are drawn before the next begins.
  ///   - length: Of one round.
  ///   - inspect: Is given what the pool holds amid the last round.
  func report(
    rounds count: Int, of length: SoakLength, inspect: (PoolSnapshot) throws -> Void
  ) throws -> SoakReport {
    defer { Console.endProgress() }
    var rounds: [SoakReport.Round] = []
    for number in 1...count {
      let (images, failures) = try draw(length) {
        if number == count { try inspect(pool.snapshot) }
      }
      _ = try canvas.readPixels()  // waits for the GPU
      try gpu.collect()
      pool.trim()
      rounds.append(SoakReport.Round(images: images, failures: failures, left: .now()))
      Console.progress("round \(number) of \(count): \(images) images")
    }
    return SoakReport(
      rounds: rounds, uploads: gpu.statistics.uploaded, slotsLeft: pool.statistics.slots,
      slabsLeft: pool.statistics.slabs, imagesLeft: gpu.statistics.liveImages)
  }

  /// One round.
  ///
  /// - Parameter halfway: Is called once, while work goes on.
  private func draw(
    _ length: SoakLength, halfway: () throws -> Void
  ) throws -> (images: Int, failures: Int) {
    let queue = SoakQueue(limit: 64)
    let group = DispatchGroup()
    for thread in 0..<threads {
      DispatchQueue.global().async(group: group) { [pool] in
        Self.write(images: queue, of: pool, thread: thread)
      }
    }
    defer { queue.close(); group.wait() }

    let start = ContinuousClock.now
    var (images, failures) = (0, 0)
    var frames: [any Fence] = []
    var isHalfway = false
    while true {
      let done = length.part(
        after: ContinuousClock.now - start, images + failures + queue.failures)
      if done >= 1 { break }
      if done >= 0.5, !isHalfway {
        isHalfway = true
        try halfway()
      }
      for buffer in queue.takeAll() {
        do {
          let texture = try gpu.texture(for: buffer)
          try canvas.draw([Canvas.Quad(whole: buffer.layout)], from: .image(texture))
          images += 1
        } catch { failures += 1 }
      }
      try gpu.collect()
      frames.append(try gpu.makeFence())
      if frames.count > Self.framesInFlight {
        _ = frames.removeFirst().wait(until: .now + .seconds(60))
      }
    }
    queue.close()
    group.wait()
    _ = queue.takeAll()
    try gpu.collect()
    return (images, failures + queue.failures)
  }

  private static func write(images queue: SoakQueue, of pool: TexturePool, thread: Int) {
    var number = 0
    while !queue.isClosed {
      let image = ImageDescriptor(
        width: .random(in: 1...512), height: .random(in: 1...512), formats: [.abgr8888])
      number += 1
      do throws(AllocationError) {
        let buffer = try pool.allocate(
          image, named: "image \(number) of thread \(thread)",
          waiting: .until(.now + .seconds(1)))
        do {
          var writer = buffer.writer()
          writer.fill(0..<writer.rowCount, with: UInt8(truncatingIfNeeded: number))
        }
        queue.append(buffer)
      } catch {
        queue.countFailure()
      }
    }
  }
}

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
