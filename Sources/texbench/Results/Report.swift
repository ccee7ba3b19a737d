/// Everything that a run found out.
struct Report: Codable {
  /// In UTC.
  let date: String
  let effort: Effort
  let environment: Environment
  let model: WriteCombiningModel
  var sections: [Section] = []
}

/// What one measurement found out.
struct Section: Codable {
  /// Its name on the command line.
  let name: String
  let abstract: String
  var comparisons: [RaceResult] = []
  var figures: [Figure] = []
  var omissions: [Omission] = []
}

/// A share that is no ratio of times.
struct Figure: Codable {
  /// What it is a share of, and what sets it apart from others of that title.
  let title, name: String
  let percent: Double
  /// How it was come by.
  let note: String
}
