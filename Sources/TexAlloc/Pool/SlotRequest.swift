/// What a slot must be.
struct SlotRequest {
  /// Bytes.
  let size: Int
  /// What it begins at a multiple of, in its slab.
  let alignment: Int
  let tenancy: Tenancy
  let label: SlotLabel

  /// A slab of its own for what would waste a shared one: for an image above a quarter of the
  /// largest, and for one that can begin nowhere but at its start.
  init(size: Int, alignment: Int, tenancy: Tenancy, label: SlotLabel, limits: PoolLimits) {
    let needsOwnSlab = size > limits.largestSlab / 4 || alignment >= limits.largestSlab
    self.size = size
    self.alignment = alignment
    self.label = label
    self.tenancy = tenancy == .shared && needsOwnSlab ? .alone : tenancy
  }

  /// Bytes of a slab that surely has room for it.
  var slabSize: Int {
    let step = alignment.leastCommonMultiple(with: pageSize)
    return tenancy == .shared && step > pageSize ? size + step : size
  }
}
