/// What one measurement found out.
struct Section: Codable {
  /// Its name on the command line.
  let name: String
  let abstract: String
  var comparisons: [RaceResult] = []
  var figures: [Figure] = []
  var omissions: [Omission] = []
}
