extension MutableSpan {
  /// The elements of a range, for as long as this is not used itself. The one place that knows the
  /// standard library's provisional name.
  @_lifetime(&self)
  mutating func part(_ range: Range<Int>) -> Self { _mutatingExtracting(range) }
}
