internal import Glibc
internal import SystemPackage

/// The images of a pool that somebody still holds, in words, the oldest first. What only waits for a
/// device is no leak.
struct LeakReport {
  /// Whether the environment asks for it.
  static let isWanted = unsafe getenv("TEXALLOC_LEAKS").map { unsafe String(cString: $0) } == "1"

  private static let longest = 20

  let text: String

  /// nil where nobody holds any.
  init?(of pool: PoolSnapshot) {
    let held = pool.slabs.flatMap(\.slots).filter { $0.state == .live }
      .sorted { $0.seconds > $1.seconds }
    guard !held.isEmpty else { return nil }
    var lines = ["TexAlloc: a pool of \(pool.heap) goes, but \(held.count) of its images are held:"]
    lines += held.prefix(Self.longest).map { slot in
      let age = (slot.seconds * 10).rounded() / 10
      return "  \(slot.name), written by \(slot.owner), \(slot.size) bytes, \(age) s old"
    }
    if held.count > Self.longest { lines.append("  and \(held.count - Self.longest) more") }
    text = lines.joined(separator: "\n") + "\n"
  }

  func print() {
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
  }
}
