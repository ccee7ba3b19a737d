/// Everything that a run found out.
struct Report: Codable {
  /// In UTC.
  let date: String
  let effort: Effort
  var environment: Environment
  let model: WriteCombiningModel
  var sections: [Section] = []
}
