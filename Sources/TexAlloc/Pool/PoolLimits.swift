/// How a pool grows.
public struct PoolLimits: Hashable, Sendable {
  /// Bytes of the first slab; each further one is twice as large as the one before.
  public var firstSlab = 4 << 20
  /// Bytes of the largest slab that several images share. An image above a quarter of it gets a
  /// slab of its own.
  public var largestSlab = 64 << 20
  /// Bytes of all slabs together.
  public var budget = Int.max
  /// Bytes whose pages are made ready ahead of their use.
  public var prefault = 8 << 20

  public init() {}
}
