/// Which of its two figures a comparison goes by.
enum Clock: String, Codable {
  /// For work of one thread: what others do on the machine hardly shows.
  case cpu = "CPU"
  /// For work of several threads.
  case wall
}
