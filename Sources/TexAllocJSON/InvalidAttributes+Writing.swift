public import TexAlloc

extension InvalidAttributes {
  /// `{"invalid": …}` on one line, without the participant or the field where there is none.
  public var json: String {
    let members = JSONValue.object([
      "participant": participant.map { .string($0) },
      "field": field.map { .string($0) },
      "reason": .string(reason),
    ])
    return JSONValue.object(["invalid": members]).text
  }
}
