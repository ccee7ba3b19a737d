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
  static let size = 64 << 10
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
