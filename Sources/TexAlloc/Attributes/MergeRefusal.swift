/// A rule that a merge or a layout broke, before anyone is blamed for it.
struct MergeRefusal: Error {
  /// By how much, where the rule is about a number.
  enum Excess {
    case value(Int, limit: Int)
    /// Past 2^63 − 1.
    case overflow
  }

  let field: MergeConflict.Field
  let excess: Excess?

  init(_ field: MergeConflict.Field, _ excess: Excess? = nil) {
    self.field = field
    self.excess = excess
  }
}
