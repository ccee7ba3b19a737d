internal import FoundationEssentials
internal import TexAlloc

/// What a process takes of the system now.
package struct ProcessFootprint: Encodable {
  /// Memory that it would give back by ending: shared pages are counted in part.
  package let proportionalKiB: Int
  package let descriptors, mappings: Int

  /// Of this process, by /proc of proc(5); 0 for what cannot be read.
  package static func now() -> ProcessFootprint {
    let pss = lines(of: "smaps_rollup").first { $0.hasPrefix("Pss:") }
    let number = pss?.split(separator: " ").dropFirst().first
    let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
    return ProcessFootprint(
      proportionalKiB: number.flatMap { Int($0) } ?? 0, descriptors: descriptors?.count ?? 0,
      mappings: lines(of: "maps").count)
  }

  private static func lines(of name: String) -> [Substring] {
    SystemFile.text(of: "/proc/self/\(name)")?.split(separator: "\n") ?? []
  }
}
