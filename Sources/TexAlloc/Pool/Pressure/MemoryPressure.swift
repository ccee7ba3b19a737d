internal import CLinux
internal import Glibc
internal import Synchronization
public import SystemPackage

/// Trims pools when memory runs short, for as long as somebody holds it.
///
/// ```swift
/// let watcher = try MemoryPressure(trimming: [pool])
/// ```
///
/// Memory is short where tasks of the process's cgroup, or else of the system, had to wait for it for
/// 15 % of a second or two. Each time, all that no image uses is given back, as by
/// ``TexturePool/trim(to:)``, on a thread of the watcher's own, which sleeps otherwise. It keeps no pool.
///
/// The kernel tells by itself where it lets the process ask for that ([pressure stall information]);
/// elsewhere it is asked every two seconds. A watcher whose cgroup is removed ends.
///
/// [pressure stall information]: https://docs.kernel.org/accounting/psi.html
public final class MemoryPressure: Sendable {
  /// The kernel's file that says it: `memory.pressure` of a cgroup, or `/proc/pressure/memory`.
  public let file: FilePath
  /// Whether the kernel tells by itself.
  public let isTold: Bool

  private let watch: PressureWatch
  private let thread: WorkerThread

  /// - Throws: `MemoryPressureAbsent` where the kernel does not say it, or there can be no thread.
  public convenience init(trimming pools: [TexturePool]) throws(MemoryPressureAbsent) {
    try self.init(trimming: pools, below: "/", takingTriggers: true, every: .seconds(2))
  }

  /// - Parameters:
  ///   - root: Where the kernel's files are found.
  ///   - takesTriggers: Whether the kernel is asked to tell by itself.
  ///   - interval: The time between two looks where it does not.
  init(
    trimming pools: [TexturePool], below root: FilePath, takingTriggers takesTriggers: Bool,
    every interval: Duration
  ) throws(MemoryPressureAbsent) {
    let file = try PressureFile.opening(below: root, takingTriggers: takesTriggers)
    self.file = file.path
    isTold = file.isTriggered
    let waited = file.waited ?? 0
    do throws(SystemFailure) {
      let watch = try PressureWatch(file, trimming: pools, every: interval)
      thread = try WorkerThread(named: "texalloc-memory")
      thread.begin { watch.run(since: waited) }
      self.watch = watch
    } catch {
      throw MemoryPressureAbsent(reasons: [error])
    }
  }

  deinit { watch.stop() }

  /// How often memory was short.
  public var count: Int { watch.count.load(ordering: .relaxed) }
  /// Bytes that were given back.
  public var bytesGivenBack: Int { watch.bytesGivenBack.load(ordering: .relaxed) }
}

/// Nobody says when memory is short: the kernel is older than 4.20, or was told not to measure.
public struct MemoryPressureAbsent: Error, Hashable, Sendable {
  /// What became of each file that was looked for.
  public let reasons: [SystemFailure]
}

extension MemoryPressureAbsent: CustomStringConvertible {
  public var description: String {
    "no memory pressure: " + reasons.map(\.description).joined(separator: "; ")
  }
}

/// What the thread of a watcher does.
private final class PressureWatch: Sendable {
  let count = Atomic(0)
  let bytesGivenBack = Atomic(0)
  private let file: PressureFile
  private let interval: Duration
  private let pools: [WeakPool]
  /// Readable once the watcher is gone.
  private let end: EventDescriptor

  private struct WeakPool: Sendable {
    weak let pool: TexturePool?
  }

  init(
    _ file: consuming PressureFile, trimming pools: [TexturePool], every interval: Duration
  ) throws(SystemFailure) {
    self.file = file
    self.interval = interval
    self.pools = pools.map(WeakPool.init)
    end = try EventDescriptor(named: "memory pressure")
  }

  func stop() { end.signal() }

  /// - Parameter waited: What tasks had waited before it began.
  func run(since waited: Int) {
    var waited = waited
    while let isTold = sleep() {
      if isTold {
        trim()
      } else {
        guard let now = file.waited else { return }
        let limit = PressureFile.share * (interval / .microseconds(1))
        if Double(now - waited) >= limit { trim() }
        waited = now
      }
    }
  }

  /// Until the kernel tells, or else until it is to be asked; answers whether it tells, and nil at the
  /// end.
  private func sleep() -> Bool? {
    var requests = [
      pollfd(fd: end.descriptor.rawValue, events: Int16(POLLIN), revents: 0),
      pollfd(fd: file.descriptor.rawValue, events: Int16(POLLPRI), revents: 0),
    ]
    let (count, time) = file.isTriggered ? (2, -1) : (1, CInt(interval / .milliseconds(1)))
    let ready = try? systemCall("poll", on: file.path.string) {
      unsafe poll(&requests, nfds_t(count), CInt(time))
    }
    guard ready != nil, requests[0].revents == 0 else { return nil }
    guard file.isTriggered else { return false }
    return Int32(requests[1].revents) & POLLPRI != 0 ? true : nil
  }

  private func trim() {
    count.add(1, ordering: .relaxed)
    for weak in pools {
      if let pool = weak.pool { bytesGivenBack.add(pool.trim(), ordering: .relaxed) }
    }
  }
}
