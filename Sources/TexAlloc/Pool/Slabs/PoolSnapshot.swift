internal import Glibc
internal import SystemPackage

/// All that a pool holds at one moment, to be looked at later.
public struct PoolSnapshot: Codable, Hashable, Sendable {
  /// One slab.
  public struct Slab: Codable, Hashable, Sendable {
    /// Where the memory comes from.
    public let heap: String
    /// Bytes.
    public let size: Int
    /// Bytes that were used or made ready, and not given back since.
    public let resident: Int
    /// Since it was made.
    public let seconds: Double
    /// The number of its descriptor in the process; absent where it has none.
    public let descriptor: Int?
    /// How the kernel last refused to make pages of it ready; absent where it did not.
    public let refusal: String?
    /// Its slots by offset, and what is free between them: without gaps.
    public let slots: [Slot]
  }

  /// A part of a slab.
  public struct Slot: Codable, Hashable, Sendable {
    public enum State: String, Codable, Hashable, Sendable, CaseIterable {
      /// Somebody holds its buffer.
      case live
      /// Nobody does, but a device may still use it.
      case waiting
      case free
    }

    /// Bytes, in the slab.
    public let offset: Int
    /// Bytes.
    public let size: Int
    /// What the caller called the buffer; empty where it is free.
    public let name: String
    /// The component that writes it; empty where it is free.
    public let owner: String
    /// Since it was allocated; 0 where it is free.
    public let seconds: Double
    public let state: State

    init(
      offset: Int, size: Int, name: String = "", owner: String = "", seconds: Double = 0,
      state: State
    ) {
      self.offset = offset
      self.size = size
      self.name = name
      self.owner = owner
      self.seconds = seconds
      self.state = state
    }
  }

  /// Heap by heap.
  public let slabs: [Slab]
}

/// The images of a pool that somebody still holds, in words, the oldest first. What only waits for a
/// device is no leak.
struct LeakReport {
  /// Whether the environment asks for it.
  static let isWanted = unsafe getenv("TEXALLOC_LEAKS").map { unsafe String(cString: $0) } == "1"

  private static let longest = 20

  let text: String

  /// nil where nobody holds any.
  init?(of pool: PoolSnapshot) {
    let held = pool.slabs.flatMap(\.slots).filter { $0.state == .live }
      .sorted { $0.seconds > $1.seconds }
    guard !held.isEmpty else { return nil }
    let heaps = Set(pool.slabs.map(\.heap)).sorted().joined(separator: ", ")
    var lines = ["TexAlloc: a pool of \(heaps) goes, but \(held.count) of its images are held:"]
    lines += held.prefix(Self.longest).map { slot in
      let age = (slot.seconds * 10).rounded() / 10
      return "  \(slot.name), written by \(slot.owner), \(slot.size) bytes, \(age) s old"
    }
    if held.count > Self.longest { lines.append("  and \(held.count - Self.longest) more") }
    text = lines.joined(separator: "\n") + "\n"
  }

  func print() {
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
  }
}
