/// A share that is no ratio of times.
struct Figure: Codable {
  /// What it is a share of, and what sets it apart from others of that title.
  let title, name: String
  let percent: Double
  /// How it was come by.
  let note: String
}
