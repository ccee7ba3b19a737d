extension Int {
  /// For operands that are known to be small; what comes from outside goes through the checked forms.
  package func dividedRoundingUp(by divisor: Int) -> Int {
    self / divisor + (self % divisor == 0 ? 0 : 1)
  }

  /// Traps on overflow.
  package func roundedUp(toMultipleOf alignment: Int) -> Int {
    dividedRoundingUp(by: alignment) * alignment
  }

  /// nil on overflow.
  package func checkedSum(_ other: Int) -> Int? {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? nil : sum
  }

  /// nil on overflow.
  package func checkedProduct(_ other: Int) -> Int? {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? nil : product
  }

  /// nil on overflow.
  package func checkedRoundedUp(toMultipleOf alignment: Int) -> Int? {
    dividedRoundingUp(by: alignment).checkedProduct(alignment)
  }

  /// For positive numbers that are known to be small.
  package var roundedUpToPowerOfTwo: Int {
    1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
  }

  /// Of positive numbers that are known to be small.
  package func leastCommonMultiple(with other: Int) -> Int {
    var (a, b) = (self, other)
    while b != 0 { (a, b) = (b, a % b) }
    return self / a * other
  }
}
