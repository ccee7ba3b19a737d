internal import Glibc

enum DescriptorLimit {
  /// Lets the process have as many descriptors as it may: each image that lives takes one.
  static func raise() {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard unsafe getrlimit(resource, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(resource, &limit)
    // Root may have more.
    limit.rlim_cur = max(limit.rlim_cur, 65_536)
    limit.rlim_max = limit.rlim_cur
    unsafe setrlimit(resource, &limit)
  }
}
