/// How the CPU's mapping of a heap's memory is cached, and how that is known.
public struct CachingVerdict: Hashable, Sendable {
  public enum Evidence: Hashable, Sendable {
    /// The driver's sources say so.
    case driver(String)
    /// The driver is not one of those that are known, so its memory was timed.
    case timing(MemoryTiming, ordinary: MemoryTiming)
  }

  public let caching: Caching
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
  init(timing memory: borrowing Mapping) {
    self.init(timing: memory.timing(), ordinary: .ofOrdinaryMemory())
  }

  /// Whether what is known of the driver holds that its memory comes zeroed, as it does for every
  /// one in the tables of this room; of a driver that is not known it cannot be relied upon.
  var includesZeroes: Bool {
    if case .driver = evidence { true } else { false }
  }
}

extension CachingVerdict: CustomStringConvertible {
  public var description: String {
    switch evidence {
    case .driver(let reason): "\(caching.rawValue): \(reason)"
    case .timing(let timing, let ordinary):
      "\(caching.rawValue): reads \(timing.read), writes \(timing.write)"
        + " (ordinary memory: \(ordinary.read), \(ordinary.write))"
    }
  }
}

extension Caching {
  /// What timing memory tells, of which the first ``MemoryTiming/size`` bytes become zero.
  @unsafe package init(measuring memory: UnsafeMutableRawBufferPointer) {
    self.init(timing: unsafe MemoryTiming(memory), ordinary: .ofOrdinaryMemory())
  }

  /// Loads that no cache answers are some hundred times slower than those from ordinary memory.
  /// Stores tell the rest: gathered into lines they lose a factor of ten at most, one by one as
  /// much as the loads do.
  init(timing: MemoryTiming, ordinary: MemoryTiming) {
    if timing.read <= ordinary.read * 12 {
      self = .cached
    } else if timing.write <= ordinary.write * 40 {
      self = .writeCombining
    } else {
      self = .uncached
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
  package static let size = 64 << 10
  private static let rounds = 5

  /// Times memory of `size` bytes, which it overwrites with zeroes. By the copying and filling of the
  /// C library, so that a debug build sees what a release build does.
  init(_ memory: UnsafeMutableRawBufferPointer) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.size, alignment: 64)
    defer { unsafe copy.deallocate() }
    let write = Self.best { unsafe memory.baseAddress?.initializeMemory(as: UInt8.self, to: 0) }
    let read = Self.best { unsafe copy.copyMemory(from: UnsafeRawBufferPointer(memory)) }
    self.init(read: read, write: write)
  }

  static func ofOrdinaryMemory() -> MemoryTiming {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: pageSize)
    defer { unsafe memory.deallocate() }
    return unsafe MemoryTiming(memory)
  }

  private static func best(_ body: () -> Void) -> Duration {
    (0..<rounds).map { _ in ContinuousClock().measure(body) }.min() ?? .zero
  }
}

extension Mapping {
  /// Times the start of the mapping and overwrites it with zeroes.
  borrowing func timing() -> MemoryTiming {
    unsafe MemoryTiming(self[0..<MemoryTiming.size])
  }
}
