internal import FoundationEssentials

/// What a process takes of the system now.
struct ProcessFootprint: Encodable {
  /// Memory that it would give back by ending: shared pages are counted in part.
  let proportionalKiB: Int
  let descriptors, mappings: Int

  /// Of this process, by /proc of proc(5); 0 for what cannot be read.
  static func now() -> ProcessFootprint {
    func text(_ name: String) -> String {
      (try? String(contentsOfFile: "/proc/self/\(name)", encoding: .utf8)) ?? ""
    }
    let pss = text("smaps_rollup").split(separator: "\n").first { $0.hasPrefix("Pss:") }
    let number = pss?.split(separator: " ").dropFirst().first
    let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
    return ProcessFootprint(
      proportionalKiB: number.flatMap { Int($0) } ?? 0, descriptors: descriptors?.count ?? 0,
      mappings: text("maps").split(separator: "\n").count)
  }
}
