/// A JSON value that keeps what jansson's own forgets: repeated keys and how a number is written.
package enum JSONValue {
  package struct Member {
    package let key: String
    package let value: JSONValue

    package init(key: String, value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// In the order of the text; keys may repeat.
  case object([Member])
  case array([JSONValue])
  case string(String)
  /// Written with digits only where it was read.
  case integer(Int)
  /// Never read. Not finite: written as null.
  case real(Double)
  /// Any other number that was read, as it is written; one that `Int` cannot hold, to be written as
  /// a string.
  case otherNumber(String)
  case boolean(Bool)
  case null
}
