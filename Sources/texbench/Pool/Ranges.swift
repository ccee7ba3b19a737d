internal import Glibc
internal import TexAlloc

/// What the range allocator costs: each pair frees one of the live ranges and allocates another in
/// its stead, each of them in turn.
enum Ranges {
  private static let pairs = 10_000
  private static let blockSize = 64 << 10

  /// 10,000 live ranges, of 64 KiB and of the sizes of textures, against as many live blocks of glibc's.
  static var besideMalloc: Comparison {
    Comparison(
      title: "10,000 live", item: "free + allocate",
      routes: [
        Route(name: "malloc of 64 KiB", items: pairs) {
          let blocks = LiveBlocks(count: 10_000, size: blockSize)
          return { _ in for _ in 0..<pairs { blocks.replaceNext() } }
        },
        Route(name: "range of 64 KiB", items: pairs, isOurs: true) {
          let ranges = ranges(10_000, .shuffled)
          return { _ in for _ in 0..<pairs { ranges.replaceNext(size: blockSize) } }
        },
        Route(
          name: "range of a texture's size, slab two thirds full", items: pairs, isOurs: true
        ) {
          var sizes = TextureSizes(seed: 1)
          let first = (0..<10_000).map { _ in sizes.next() }
          let next = (0..<pairs).map { _ in sizes.next() }
          let ranges = LiveRanges(
            count: first.count, capacity: first.reduce(0, +) / 4096 * 3 / 2 * 4096, in: .shuffled,
            size: { first[$0] })
          return { _ in for size in next { ranges.replaceNext(size: size) } }
        },
      ])
  }

  /// From a hundred live ranges of 64 KiB to a million.
  static func growth(_ order: TurnOrder) -> Comparison {
    Comparison(
      title: "ranges of 64 KiB, replaced \(order.rawValue)", item: "free + allocate",
      axis: "live ranges",
      routes: [100, 1_000, 10_000, 100_000, 1_000_000].map { count in
        Route(
          name: "\(count.grouped) live", items: pairs, position: count,
          goal: count == 1_000_000 ? Goal(ratio: 4) : nil
        ) {
          let ranges = ranges(count, order)
          return { _ in for _ in 0..<pairs { ranges.replaceNext(size: blockSize) } }
        }
      })
  }

  /// What of that is memory: of as many records as an allocator of ranges keeps, one is changed where the
  /// last one says, and nothing else is done.
  static var records: Comparison {
    Comparison(
      title: "records of 24 bytes, changed shuffled", item: "record", axis: "records",
      routes: [100, 1_000_000].map { count in
        Route(name: "\(count.grouped) records", items: pairs, position: count) {
          let records = Records(count: count)
          return { _ in for _ in 0..<pairs { records.changeNext() } }
        }
      })
  }

  private static func ranges(_ count: Int, _ order: TurnOrder) -> LiveRanges {
    LiveRanges(count: count, capacity: count * blockSize * 3 / 2, in: order) { _ in blockSize }
  }
}

/// As many live ranges as a measurement wants, each in turn replaced by another.
@safe final class LiveRanges {
  private var ranges: RangeAllocator
  private let leases: UnsafeMutableBufferPointer<RangeAllocator.Lease>
  private var place = 0

  /// - Parameters:
  ///   - order: In which they are replaced.
  ///   - size: Bytes of the range at a place; all of them must fit.
  init(count: Int, capacity: Int, in order: TurnOrder, size: (Int) -> Int) {
    ranges = RangeAllocator(capacity: capacity, granularity: 4096)
    // Leases cannot be copied, and arrays hold only what can.
    unsafe leases = .allocate(capacity: count)
    for place in 0..<count {
      guard let lease = ranges.allocate(size(place)) else { preconditionFailure("no room") }
      unsafe leases.initializeElement(at: place, to: lease)
    }
    guard order == .shuffled else { return }
    var random = SplitMix64(seed: 1)
    for place in 1..<count {
      unsafe leases.swapAt(place, .random(in: 0...place, using: &random))
    }
  }

  /// The leases vanish with their allocator.
  deinit { unsafe leases.deallocate() }

  /// Frees one range and allocates another in its stead.
  func replaceNext(size: Int) {
    place = unsafe place + 1 < leases.count ? place + 1 : 0
    unsafe ranges.free(leases.moveElement(from: place))
    guard let lease = ranges.allocate(size) else { preconditionFailure("no room") }
    unsafe leases.initializeElement(at: place, to: lease)
  }
}

/// Records in one array, each with the place of the next to change: in an order that has nothing to do
/// with addresses.
final class Records {
  /// The size of a block of the range allocator.
  private struct Record {
    var next: Int32
    var changes: Int32 = 0
    var rest: (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
  }

  private var records: [Record]
  private var place = 0

  init(count: Int) {
    // One cycle, by Sattolo's shuffle.
    var next = Array(0..<Int32(count))
    var random = SplitMix64(seed: 1)
    for place in stride(from: count - 1, to: 0, by: -1) {
      next.swapAt(place, .random(in: 0..<place, using: &random))
    }
    records = next.map { Record(next: $0) }
  }

  func changeNext() {
    records[place].changes &+= 1
    place = Int(records[place].next)
  }
}

/// A lease in a place that arrays can hold.
final class HeldLease {
  private var lease: RangeAllocator.Lease?

  init(_ lease: consuming RangeAllocator.Lease) { self.lease = consume lease }

  func take() -> RangeAllocator.Lease? { lease.take() }
}

/// As many live blocks of glibc's allocator, each in turn replaced by another, shuffled.
@safe final class LiveBlocks {
  private var blocks: [UnsafeMutableRawPointer?]
  private let size: Int
  private var place = 0

  init(count: Int, size: Int) {
    self.size = size
    unsafe blocks = (0..<count).map { _ in unsafe malloc(size) }
    var random = SplitMix64(seed: 1)
    unsafe blocks.shuffle(using: &random)
  }

  deinit { unsafe blocks.forEach { unsafe free($0) } }

  /// Frees one block and allocates another in its stead.
  func replaceNext() {
    place = unsafe place + 1 < blocks.count ? place + 1 : 0
    unsafe free(blocks[place])
    unsafe blocks[place] = malloc(size)
  }
}

/// In which order what lives is replaced.
enum TurnOrder: String {
  case oldestFirst = "oldest first"
  /// One that has nothing to do with addresses.
  case shuffled
}
