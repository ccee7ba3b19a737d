internal import CJansson
internal import Glibc

/// Every call of jansson: <https://jansson.readthedocs.io/en/2.14/apiref.html>.
enum Jansson {
  /// Throws where the text is not one JSON value.
  static func check(_ text: [UInt8]) throws(JSONSyntaxError) {
    var error = json_error_t()
    guard let value = unsafe load(text, &error) else {
      throw JSONSyntaxError(
        line: Int(error.line), column: max(1, Int(error.column)), problem: message(of: error))
    }
    unsafe json_decref(value)
  }

  /// - Parameter literal: A JSON string with its quotes, from a text that was checked.
  static func string(_ literal: ArraySlice<UInt8>) -> String {
    var error = json_error_t()
    guard let value = unsafe load(Array(literal), &error) else {
      preconditionFailure("jansson took a text and refuses a part of it: \(message(of: error))")
    }
    defer { unsafe json_decref(value) }
    // SAFETY: the bytes are the value's own, so many, and alive until it is released.
    let bytes = unsafe UnsafeRawBufferPointer(
      start: json_string_value(value), count: json_string_length(value))
    return unsafe String(decoding: bytes, as: UTF8.self)
  }

  /// The value as a text of one line.
  static func text(_ value: JSONValue) -> String {
    let owned = unsafe tree(value)
    defer { unsafe json_decref(owned) }
    let fifteenDigits = 15 << 11  // JSON_REAL_PRECISION(15), a macro that Swift does not import
    guard let text = unsafe json_dumps(owned, Int(JSON_ENCODE_ANY) | fifteenDigits) else {
      outOfMemory()
    }
    defer { unsafe free(text) }
    return unsafe String(cString: text)
  }

  private static func load(_ text: [UInt8], _ error: inout json_error_t)
    -> UnsafeMutablePointer<json_t>?
  {
    // SAFETY: jansson reads no more than the count and keeps no pointer to the text.
    unsafe text.withUnsafeBytes { bytes in
      unsafe json_loadb(
        bytes.baseAddress, bytes.count, Int(JSON_DECODE_ANY | JSON_ALLOW_NUL), &error)
    }
  }

  private static func message(of error: json_error_t) -> String {
    // SAFETY: read within the array, up to the NUL that ends the message.
    unsafe withUnsafeBytes(of: error.text) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// The caller owns the result. SAFETY: what is appended belongs to its container from then on.
  private static func tree(_ value: JSONValue) -> UnsafeMutablePointer<json_t> {
    let made: UnsafeMutablePointer<json_t>?
    switch value {
    case .object(let members):
      unsafe made = json_object()
      for member in members {
        let value = unsafe tree(member.value)
        unsafe withCharacters(of: member.key) { key in
          _ = unsafe json_object_setn_new_nocheck(made, key.baseAddress, key.count, value)
        }
      }
    case .array(let elements):
      unsafe made = json_array()
      for element in elements { unsafe json_array_append_new(made, tree(element)) }
    case .string(let string), .otherNumber(let string):
      unsafe made = withCharacters(of: string) { characters in
        unsafe json_stringn_nocheck(characters.baseAddress, characters.count)
      }
    case .real(let real): unsafe made = json_real(real) ?? json_null()
    case .integer(let integer): unsafe made = json_integer(json_int_t(integer))
    case .boolean(let boolean): unsafe made = boolean ? json_true() : json_false()
    case .null: unsafe made = json_null()
    }
    guard let made = unsafe made else { outOfMemory() }
    return unsafe made
  }

  private static func withCharacters<Result>(
    of string: String, _ body: (UnsafeBufferPointer<CChar>) -> Result
  ) -> Result {
    // SAFETY: CChar and UInt8 have one size, and an alignment of 1.
    unsafe Array(string.utf8).withUnsafeBufferPointer { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self, body)
    }
  }

  /// jansson answers with NULL to nothing else here.
  private static func outOfMemory() -> Never {
    preconditionFailure("jansson is out of memory")
  }
}
