internal import ProgramSupport
internal import Dispatch
internal import Synchronization
internal import TexAlloc
internal import TexAllocEGL

/// Threads that write images, and this one, which has the context and draws them.
struct SoakRun {
  private let gpu: EGLDevice
  private let pool: TexturePool
  private let canvas: Canvas
  private let threads: Int

  init(on options: DeviceOptions, threads: Int) throws {
    gpu = try options.open()
    var limits = PoolLimits()
    limits.budget = 128 << 20
    pool = try TexturePool(for: [gpu], limits: limits)
    canvas = try Canvas(width: 64, height: 64)
    self.threads = threads
  }

  /// - Parameter inspect: Is given what the pool holds halfway.
  func report(
    after duration: Duration, inspect: (PoolSnapshot) throws -> Void
  ) throws -> SoakReport {
    let queue = SoakQueue(limit: 64)
    let group = DispatchGroup()
    for thread in 0..<threads {
      DispatchQueue.global().async(group: group) { [pool] in
        Self.write(images: queue, of: pool, seed: thread)
      }
    }
    defer { queue.close(); group.wait() }

    let start = ContinuousClock.now
    var (images, failures) = (0, 0)
    var early: ProcessFootprint?
    var isInspected = false
    while true {
      let passed = ContinuousClock.now - start
      if passed >= duration { break }
      if early == nil, passed >= duration / 5 { early = .now() }
      if !isInspected, passed >= duration / 2 {
        isInspected = true
        try inspect(pool.snapshot)
      }
      for buffer in queue.takeAll() {
        do {
          let texture = try gpu.texture(for: buffer)
          canvas.draw([Canvas.Quad(whole: buffer.layout)], from: .image(texture.name))
          images += 1
        } catch { failures += 1 }
      }
      try gpu.collect()
    }
    let late = ProcessFootprint.now()
    queue.close()
    group.wait()
    _ = queue.takeAll()
    try gpu.collect()
    _ = try canvas.readPixels()  // waits for the GPU
    pool.trim()
    return SoakReport(
      images: images, uploads: gpu.statistics.uploaded, failures: failures + queue.failures,
      early: early ?? late, late: late, slotsLeft: pool.statistics.slots,
      imagesLeft: gpu.statistics.liveImages)
  }

  private static func write(images queue: SoakQueue, of pool: TexturePool, seed: Int) {
    var number = 0
    while !queue.isClosed {
      let image = ImageDescriptor(
        width: .random(in: 1...512), height: .random(in: 1...512), formats: [.abgr8888])
      number += 1
      do throws(AllocationError) {
        let buffer = try pool.allocate(
          image, named: "image \(number) of thread \(seed)",
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
