extension MergedAttributes {
  /// What a slot that is carved for an image begins at a multiple of, in its slab.
  var slotAlignment: Int {
    contiguous ? offsetAlignment.leastCommonMultiple(with: physicalAlignment) : offsetAlignment
  }
}
