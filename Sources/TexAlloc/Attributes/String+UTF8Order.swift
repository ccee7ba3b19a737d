/// Names compare by their UTF-8 bytes; `==` and `<` of `String` look at Unicode equivalence instead.
extension String {
  func hasSameBytes(as other: String) -> Bool {
    utf8.elementsEqual(other.utf8)
  }

  func precedesByBytes(_ other: String) -> Bool {
    utf8.lexicographicallyPrecedes(other.utf8)
  }
}
