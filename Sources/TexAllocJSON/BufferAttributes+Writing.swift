public import TexAlloc

extension BufferAttributes {
  /// The JSON form on one line; fields without an opinion are left out.
  ///
  /// A modifier above `Int.max`, which the form cannot hold, stands as a string, and reading refuses
  /// it.
  public var json: String { jsonValue.text }

  private var jsonValue: JSONValue {
    let choices = alternatives.map { JSONValue.object($0.members) }
    let name = JSONValue.Member(key: "name", value: .string(name))
    let alternatives = JSONValue.Member(key: "alternatives", value: .array(choices))
    return .object([name] + constraints.members + (choices.isEmpty ? [] : [alternatives]))
  }
}
