/// A JSON value that keeps what jansson's own forgets: repeated keys and how a number is written.
enum JSONValue {
  struct Member {
    let key: String
    let value: JSONValue
  }

  /// In the order of the text; keys may repeat.
  case object([Member])
  case array([JSONValue])
  case string(String)
  /// Written with digits only, at most `Int.max`.
  case integer(Int)
  /// Any other number, as it is written.
  case otherNumber(String)
  case boolean(Bool)
  case null
}
