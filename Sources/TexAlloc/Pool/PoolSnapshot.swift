/// All that a pool holds at one moment, to be looked at later.
public struct PoolSnapshot: Codable, Hashable, Sendable {
  /// One slab.
  public struct Slab: Codable, Hashable, Sendable {
    /// Bytes.
    public let size: Int
    /// Bytes that were used or made ready, and not given back since.
    public let resident: Int
    /// Since it was made.
    public let seconds: Double
    /// The number of its descriptor in the process.
    public let descriptor: Int
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

  /// Where the memory comes from.
  public let heap: String
  public let slabs: [Slab]
}
