/// What a pool holds at one moment.
public struct PoolStatistics: Hashable, Sendable {
  public let slabs: Int
  /// Bytes of all slabs.
  public let slabBytes: Int
  /// Bytes of the slabs that were used or made ready, and not given back since.
  public let residentBytes: Int
  /// Slots that are taken, those that wait for a fence among them.
  public let slots: Int
  /// Bytes of the slots that are taken.
  public let slotBytes: Int
  /// Slots that nobody holds any more, but whose fences have not been seen to pass.
  public let waitingSlots: Int
}
