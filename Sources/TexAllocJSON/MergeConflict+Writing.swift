public import TexAlloc

extension MergeConflict {
  /// `{"conflict": …}` on one line.
  public var json: String {
    let members = JSONValue.object([
      "field": .string(field.rawValue),
      "participants": .array(participants.map(\.jsonValue)),
      "relaxation": .string(relaxation),
    ])
    return JSONValue.object(["conflict": members]).text
  }
}

extension MergeConflict.Participant {
  fileprivate var jsonValue: JSONValue {
    let chosen = alternative.map {
      [JSONValue.Member(key: "alternative", value: .object($0.members))]
    }
    return .object(["name": .string(name), "value": .object(value.members + (chosen ?? []))])
  }
}
