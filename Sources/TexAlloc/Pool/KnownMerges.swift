internal import Synchronization

/// The merges that a pool has made: one for each writer and use, which lays out any number of images.
///
/// Looking one up takes no lock: each node is the entry of the one before, and none ever changes. A
/// pool meets few writers; of those beyond the first sixteen no merge is kept.
final class KnownMerges: Sendable {
  private struct Entry: Sendable {
    let writer: BufferAttributes
    let flags: AllocationFlags
    let merge: AttributeMerge
  }

  private static let limit = 16
  private let entry: Entry?
  private let next = AtomicLazyReference<KnownMerges>()

  private init(_ entry: Entry?) { self.entry = entry }

  convenience init() { self.init(nil) }

  /// - Parameter make: Merges all that touch an image of this writer and for this use.
  func merge(
    of writer: BufferAttributes, for flags: AllocationFlags,
    make: () throws(AllocationError) -> AttributeMerge
  ) throws(AllocationError) -> AttributeMerge {
    var last = self
    for _ in 0..<Self.limit {
      guard let node = last.next.load() else {
        let made = try make()
        // Where another thread was faster, that thread's stays.
        _ = last.next.storeIfNil(
          KnownMerges(Entry(writer: writer, flags: flags, merge: made)))
        return made
      }
      if let entry = node.entry, entry.flags == flags, entry.writer == writer {
        return entry.merge
      }
      last = node
    }
    return try make()
  }
}
