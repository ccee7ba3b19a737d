/// What a pool holds at one moment.
public struct PoolStatistics: Hashable, Sendable {
  public let slabs: Int
  /// Bytes of all slabs.
  public let slabBytes: Int
  /// Slots that are taken, those that wait for a fence among them.
  public let slots: Int
  /// Bytes of the slots that are taken.
  public let slotBytes: Int
  /// Slots that nobody holds any more, but whose fences have not been seen to pass.
  public let waitingSlots: Int
}
