internal import Glibc

/// How the CPU's mapping of a heap's memory is cached, and how that is known.
public struct CachingVerdict: Hashable, Sendable {
  public enum Evidence: Hashable, Sendable {
    /// The driver's sources say so.
    case driver(String)
    /// The driver is not one of those that are known, so its memory was timed.
    case timing(MemoryTiming, ordinary: MemoryTiming)
  }

  /// nil where the timings do not tell for sure.
  public let caching: Caching?
  public let evidence: Evidence

  /// The verdict on a driver that is known, in the words of its sources.
  init(_ caching: Caching, because reason: String) {
    self.caching = caching
    evidence = .driver(reason)
  }

  /// The verdict of two timings.
  init(timing: MemoryTiming, ordinary: MemoryTiming) {
    caching = Caching(timing: timing, ordinary: ordinary)
    evidence = .timing(timing, ordinary: ordinary)
  }

  /// The verdict on memory of a driver that is not known.
  ///
  /// - Parameter memory: At least ``MemoryTiming/size`` bytes of it, which are overwritten.
  @unsafe public init(measuring memory: UnsafeMutableRawBufferPointer) {
    precondition(memory.count >= MemoryTiming.size, "\(memory.count) bytes cannot be timed")
    let (timing, ordinary) = unsafe MemoryTiming.compare(memory)
    self.init(timing: timing, ordinary: ordinary)
  }

  /// What a heap states: where nobody knows, the kind of memory with which everything is right, if
  /// perhaps slower than it could be.
  public var stated: Caching { caching ?? .writeCombining }

  /// Whether what is known of the driver holds that its memory comes zeroed, as it does for every
  /// one in the tables of this room; of a driver that is not known it cannot be relied upon.
  var includesZeroes: Bool {
    if case .driver = evidence { true } else { false }
  }
}

extension CachingVerdict: CustomStringConvertible {
  public var description: String {
    let word = caching?.rawValue ?? "unknown, treated as \(stated.rawValue)"
    return switch evidence {
    case .driver(let reason): "\(word): \(reason)"
    case .timing(let timing, let ordinary):
      "\(word): reads \(timing.read), writes \(timing.write)"
        + " (ordinary memory: \(ordinary.read), \(ordinary.write))"
    }
  }
}

extension Caching {
  /// Loads that a cache answers take as long as those from ordinary memory, give or take what else the
  /// machine does; others at least twenty times as long, and a thousand times over a bus. Stores tell
  /// the rest: gathered into lines they lose a factor of ten at most, one by one as much as the loads.
  /// Between these nobody knows: nil.
  init?(timing: MemoryTiming, ordinary: MemoryTiming) {
    let (read, write) = (timing.read / ordinary.read, timing.write / ordinary.write)
    switch (read, write) {
    case (...6, ...24): self = .cached
    case (12..., ...24): self = .writeCombining
    case (12..., 64...): self = .uncached
    default: return nil
    }
  }
}

/// How long it takes to go through 64 KiB once, at best.
public struct MemoryTiming: Hashable, Sendable {
  public let read: Duration
  public let write: Duration

  public init(read: Duration, write: Duration) {
    self.read = read
    self.write = write
  }
}

extension MemoryTiming {
  /// Bytes.
  public static let size = 64 << 10
  private static let rounds = 16
  private static let patience = Duration.milliseconds(30)

  /// Times memory of `size` bytes, which it overwrites, and ordinary memory in turns, so that what else
  /// the machine does meets both: so many rounds, unless they take too long. By the copying and filling
  /// of the C library, so that a debug build sees what a release build does.
  static func compare(
    _ memory: UnsafeMutableRawBufferPointer
  ) -> (timing: MemoryTiming, ordinary: MemoryTiming) {
    let ordinary = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: pageSize)
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: pageSize)
    defer {
      unsafe ordinary.deallocate()
      unsafe copy.deallocate()
    }
    var (best, bestOrdinary) = unsafe (once(memory, copy), once(ordinary, copy))
    let start = ContinuousClock.now
    for _ in 1..<rounds where start.duration(to: .now) < patience {
      unsafe best.keepBest(of: once(memory, copy))
      unsafe bestOrdinary.keepBest(of: once(ordinary, copy))
    }
    return (best, bestOrdinary)
  }

  private static func once(
    _ memory: UnsafeMutableRawBufferPointer, _ copy: UnsafeMutableRawBufferPointer
  ) -> MemoryTiming {
    // Not of zeroes, for which processors have ways that some memory does not allow.
    let write = ContinuousClock().measure {
      _ = unsafe memory.baseAddress.map { unsafe memset($0, 0x5A, size) }
    }
    let read = ContinuousClock().measure {
      unsafe copy.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<size]))
    }
    return MemoryTiming(read: read, write: write)
  }

  private mutating func keepBest(of other: MemoryTiming) {
    self = MemoryTiming(read: min(read, other.read), write: min(write, other.write))
  }
}
