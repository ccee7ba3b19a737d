internal import Foundation
internal import ProgramSupport
internal import Synchronization
internal import SystemPackage
internal import TexAlloc
internal import TexAllocAssets
internal import TexAllocEGL
internal import TexAllocJPEG

/// A gallery that scrolls, of which only the loader's part of each frame is done, at sixty frames a second.
struct GalleryFrames {
  private static let seen = 12
  private static let ahead = 12

  private let photos: PhotoFolder
  private let gpu: EGLDevice
  private let frames: Int

  init(_ photos: PhotoFolder, on gpu: EGLDevice, frames: Int) {
    self.photos = photos
    self.gpu = gpu
    self.frames = frames
  }

  private final class Shelf: Sendable {
    let pictures = Mutex<[Int: LoadedTexture<Texture>]>([:])
  }

  /// How many polls took more than a millisecond, by the processor's time and by the clock on the wall
  /// less what the thread waited for a processor.
  func figures(_ route: TexAlloc.Route) throws -> [Figure] {
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    let assets = try Assets(gpu: gpu, pool: pool)
    let shelf = Shelf()
    var loads: [Int: AssetLoad] = [:]
    var (cpu, wall): ([Double], [Double]) = ([], [])
    var next = ContinuousClock.now
    var last = -1
    for frame in 0..<frames {
      let first = frame * (photos.paths.count - Self.seen - Self.ahead) / max(1, frames - 1)
      let near = first..<first + Self.seen + Self.ahead
      for (number, load) in loads where !near.contains(number) {
        load.cancel()
        loads[number] = nil
        shelf.pictures.withLock { $0[number] = nil }
      }
      for number in near where loads[number] == nil {
        loads[number] = assets.submit(AssetRequest(photos.paths[number], .ahead)) { result in
          if let picture = try? result.get() {
            shelf.pictures.withLock { $0[number] = picture }
          }
        }
      }
      // What came into view last goes first.
      if first != last {
        assets.prioritize(
          (first..<first + Self.seen).reversed().compactMap { number in
            loads[number].map { ($0, .visible) }
          })
        last = first
      }
      let before = PollClock.now()
      try assets.poll(budget: .microseconds(700))
      let time = PollClock.now() - before
      cpu.append(time.cpu)
      wall.append(time.wall - time.waited)
      Console.progress("\(route): frame \(frame + 1) of \(frames)")
      next += .seconds(1) / 60
      let rest = next - .now
      if rest > .zero { Thread.sleep(forTimeInterval: rest / .seconds(1)) } else { next = .now }
    }
    let count = assets.statistics.loaded
    func figure(_ what: String, _ times: [Double]) -> Figure {
      Figure(
        title: "frames of \(frames) whose poll took more than 1 ms (goal 3)",
        name: "\(route), \(what)", value: Double(times.count { $0 > 1e6 }), unit: .number,
        note: "\(count) loaded; the longest \((times.max() ?? 0) / 1e6) ms")
    }
    return [figure("processor time", cpu), figure("wall less waiting for a core", wall)]
  }
}

/// What a thread has taken, in nanoseconds.
private struct PollClock {
  var cpu, wall: Double
  /// For a processor: proc_schedstat of Linux's sched-stats.rst.
  var waited: Double

  static func now() -> PollClock {
    func read(_ clock: clockid_t) -> Double {
      var time = timespec()
      unsafe clock_gettime(clock, &time)
      return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
    let fields = SystemFile.text(of: "/proc/thread-self/schedstat", atMost: 100)?
      .split(separator: " ")
    let waited = fields.flatMap { $0.count > 1 ? Double($0[1]) : nil } ?? 0
    return PollClock(
      cpu: read(CLOCK_THREAD_CPUTIME_ID), wall: read(CLOCK_MONOTONIC), waited: waited)
  }

  static func - (left: PollClock, right: PollClock) -> PollClock {
    PollClock(
      cpu: left.cpu - right.cpu, wall: left.wall - right.wall, waited: left.waited - right.waited)
  }
}
