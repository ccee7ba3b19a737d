extension Int {
  /// For operands that are known to be small; what comes from outside goes through the checked forms.
  package func dividedRoundingUp(by divisor: Int) -> Int {
    self / divisor + (self % divisor == 0 ? 0 : 1)
  }

  /// Traps on overflow.
  package func roundedUp(toMultipleOf alignment: Int) -> Int {
    dividedRoundingUp(by: alignment) * alignment
  }
}
