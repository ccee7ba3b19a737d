/// A rule that a merge or a layout broke, before anyone is blamed for it.
struct MergeRefusal: Error {
  let field: MergeConflict.Field
  /// What the rule came to; nil where it is no number, or past `Int.max`.
  let found: Int?
  /// The limit that it should have kept.
  let limit: Int?

  init(_ field: MergeConflict.Field, found: Int? = nil, limit: Int? = nil) {
    self.field = field
    self.found = found
    self.limit = limit
  }
}
