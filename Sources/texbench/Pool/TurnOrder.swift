/// In which order what lives is replaced.
enum TurnOrder: String {
  case oldestFirst = "oldest first"
  /// One that has nothing to do with addresses.
  case shuffled
}
