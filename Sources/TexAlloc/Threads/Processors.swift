internal import CLinux

/// How much of the machine the process may have.
package enum Processors {
  /// How many threads can run at once: processors that the calling thread may run on, or as many as its
  /// control groups allow the time of, if these are fewer. At least 1.
  ///
  /// - Parameter root: In front of every path that is read; for tests.
  package static func available(root: String = "") -> Int {
    max(1, min(affinity, quota(root: root) ?? .max))
  }

  /// sched_getaffinity(2).
  private static var affinity: Int {
    // For 65,536 processors: the call fails where it has not room for all that the kernel could have.
    var mask = [UInt64](repeating: 0, count: 1024)
    let isKnown = unsafe mask.withUnsafeMutableBytes { bytes in
      unsafe texalloc_get_affinity(bytes.baseAddress, bytes.count) == 0
    }
    return isKnown ? mask.reduce(0) { $0 + $1.nonzeroBitCount } : 1
  }

  /// Whole processors' time that the tightest control group leaves, rounded down; nil where none limits
  /// it: cgroups(7), and `cpu.max` of Linux's cgroup-v2.rst.
  private static func quota(root: String) -> Int? {
    let groups = SystemFile.text(of: root + "/proc/self/cgroup") ?? ""
    let mounts = Mount.all(root: root)
    var tightest: Int?
    for line in groups.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isUnified = fields[1].isEmpty
      guard isUnified || fields[1].split(separator: ",").contains("cpu") else { continue }
      for mount in mounts
      where isUnified ? mount.kind == "cgroup2" : mount.controllers.contains("cpu") {
        for folder in mount.folders(ofGroup: fields[2]) {
          let found = isUnified ? unifiedQuota(of: root + folder) : quota(of: root + folder)
          if let found { tightest = min(tightest ?? .max, found) }
        }
      }
    }
    return tightest
  }

  private static func unifiedQuota(of folder: String) -> Int? {
    let numbers = SystemFile.text(of: folder + "/cpu.max")?.split(whereSeparator: \.isWhitespace)
    guard let numbers, numbers.count == 2, let time = Int(numbers[0]), let period = Int(numbers[1])
    else { return nil }
    return period > 0 ? time / period : nil
  }

  private static func quota(of folder: String) -> Int? {
    // A quota of -1 is none.
    guard let time = SystemFile.number(in: folder + "/cpu.cfs_quota_us"),
      let period = SystemFile.number(in: folder + "/cpu.cfs_period_us"), period > 0
    else { return nil }
    return time / period
  }
}

extension Mount {
  /// Of control groups of the first version, those that are seen here.
  fileprivate var controllers: [Substring] { kind == "cgroup" ? options.split(separator: ",") : [] }

  /// The folders of a group and of those that it lies in, as far as they can be seen.
  fileprivate func folders(ofGroup group: Substring) -> [String] {
    let parts = group.split(separator: "/")
    let above = root.split(separator: "/")
    // One that lies elsewhere is not seen; those above the mount may still limit it.
    let below = parts.starts(with: above) ? Array(parts.dropFirst(above.count)) : []
    return (0...below.count).map { depth in
      point + below.prefix(depth).map { "/\($0)" }.joined()
    }
  }
}
