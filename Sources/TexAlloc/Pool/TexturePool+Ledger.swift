extension TexturePool {
  /// What the pool holds now, slot by slot.
  public var snapshot: PoolSnapshot { store.snapshot }

  /// Gives memory back to the system until at most `bytes` have pages, or only what images use: closes
  /// empty slabs, and punches holes where the heap can. No image moves.
  ///
  /// - Returns: Bytes given back.
  @discardableResult
  public func trim(to bytes: Int = 0) -> Int { store.trim(to: bytes) }
}
