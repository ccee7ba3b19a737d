internal import Synchronization

/// What a pool has planned: one entry for each writer and use, by which any number of images is laid
/// out.
///
/// Looking one up takes no lock: each node is the entry of the one before, and none ever changes. A
/// pool meets few writers; of those beyond the first sixteen nothing is kept.
final class KnownPlans: Sendable {
  struct Entry: Sendable {
    let writer: BufferAttributes
    let flags: AllocationFlags
    let plans: ImagePlans
  }

  private static let limit = 16
  private let entry: Entry?
  private let next = AtomicLazyReference<KnownPlans>()

  private init(_ entry: Entry?) { self.entry = entry }

  convenience init() { self.init(nil) }

  /// - Parameter make: Plans for images of this writer and for this use.
  func plans(
    of writer: BufferAttributes, for flags: AllocationFlags,
    make: () throws(AllocationError) -> ImagePlans
  ) throws(AllocationError) -> ImagePlans {
    let flags = flags.intersection(.planned)
    var last = self
    for _ in 0..<Self.limit {
      guard let node = last.next.load() else {
        let made = try make()
        // Where another thread was faster, that thread's stays.
        _ = last.next.storeIfNil(
          KnownPlans(Entry(writer: writer, flags: flags, plans: made)))
        return made
      }
      if let entry = node.entry, entry.flags == flags, entry.writer == writer {
        return entry.plans
      }
      last = node
    }
    return try make()
  }

  /// In the order in which they were made.
  var all: [Entry] {
    Array(sequence(first: self) { $0.next.load() }.compactMap(\.entry))
  }
}
