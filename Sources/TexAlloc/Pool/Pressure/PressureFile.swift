internal import SystemPackage

/// One of the kernel's files of [memory pressure], open: of the process's cgroup if there is one, else
/// of the whole system.
///
/// [memory pressure]: https://docs.kernel.org/accounting/psi.html
struct PressureFile: ~Copyable, Sendable {
  /// Of so many microseconds, tasks have to wait for memory for so many before it counts. The second
  /// is what those without privileges may ask for.
  private static let triggers = ["some 150000 1000000", "some 300000 2000000"]
  /// The share of the time that they ask for.
  static let share = 0.15

  let path: FilePath
  /// Whether the kernel tells by `POLLPRI`.
  let isTriggered: Bool
  private let file: OwnedDescriptor

  var descriptor: FileDescriptor { file.descriptor }

  /// - Parameters:
  ///   - root: Where the kernel's files are found.
  ///   - takesTriggers: Whether the kernel is asked to tell.
  static func opening(
    below root: FilePath, takingTriggers takesTriggers: Bool
  ) throws(MemoryPressureAbsent) -> PressureFile {
    var reasons: [SystemFailure] = []
    for path in paths(below: root) {
      do throws(SystemFailure) {
        return try PressureFile(path, takingTriggers: takesTriggers)
      } catch {
        reasons.append(error)
      }
    }
    throw MemoryPressureAbsent(reasons: reasons)
  }

  /// The best first. Version 2 of cgroups is mounted in either place.
  private static func paths(below root: FilePath) -> [FilePath] {
    let own = SystemFile.text(of: root.appending("proc/self/cgroup").string, atMost: 4096) ?? ""
    let group = own.split(separator: "\n").first { $0.hasPrefix("0::/") }?.dropFirst(4)
    let cgroups = group.map { group in
      ["sys/fs/cgroup", "sys/fs/cgroup/unified"].map {
        root.appending($0).appending(String(group)).appending("memory.pressure")
      }
    }
    return (cgroups ?? []) + [root.appending("proc/pressure/memory")]
  }

  private init(_ path: FilePath, takingTriggers takesTriggers: Bool) throws(SystemFailure) {
    let triggered = takesTriggers ? Self.triggered(path) : nil
    let opened: OwnedDescriptor
    do {
      opened = OwnedDescriptor(
        owning: try triggered ?? FileDescriptor.open(path, .readOnly, options: .closeOnExec))
    } catch {
      throw SystemFailure("open", on: path.string, error as? Errno ?? .ioError)
    }
    // A kernel that was told not to measure has the file all the same.
    guard Self.waited(in: opened.descriptor) != nil else {
      throw SystemFailure("read", on: path.string, .notSupported)
    }
    self.path = path
    isTriggered = triggered != nil
    file = opened
  }

  /// The file with a trigger set, for the caller to close; nil where the kernel takes none.
  private static func triggered(_ path: FilePath) -> FileDescriptor? {
    let options: FileDescriptor.OpenOptions = [.closeOnExec, .nonBlocking]
    guard let file = try? FileDescriptor.open(path, .readWrite, options: options) else {
      return nil
    }
    for trigger in triggers where (try? file.writeAll(trigger.utf8 + [0])) != nil { return file }
    try? file.close()
    return nil
  }

  /// Microseconds for which at least one task waited for memory, since the beginning; nil where that
  /// cannot be read any more.
  var waited: Int? { Self.waited(in: descriptor) }

  private static func waited(in file: FileDescriptor) -> Int? {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = try? unsafe bytes.withUnsafeMutableBytes {
      unsafe try file.read(fromAbsoluteOffset: 0, into: $0)
    }
    return count.flatMap { waited(in: String(decoding: bytes[..<$0], as: UTF8.self)) }
  }

  /// `some avg10=0.12 avg60=0.05 avg300=0.01 total=81234`, and other lines.
  static func waited(in text: String) -> Int? {
    let line = text.split(separator: "\n").first { $0.hasPrefix("some ") }
    let field = line?.split(separator: " ").first { $0.hasPrefix("total=") }
    return field.flatMap { Int($0.dropFirst("total=".count)) }
  }
}
