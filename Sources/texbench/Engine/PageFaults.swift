internal import Glibc

enum PageFaults {
  /// How often the process has touched a page that was not mapped yet, by getrusage(2).
  static func now() -> Int {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_minflt
  }
}
