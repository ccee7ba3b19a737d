internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc

struct Sharing: Measurement {
  static let configuration = CommandConfiguration(
    commandName: "sharing",
    abstract: "Images of another process, from its memory to a texture that is bound here.")

  @OptionGroup var options: RunOptions

  func measure(on bench: Bench) throws {
    guard let gpu = bench.gpu else {
      return bench.leaveOut("images of another process", because: "there is no GPU to bind them")
    }
    if let obstacle = HandOverRoutes.obstacle(on: gpu) {
      return bench.leaveOut("images of another process", because: obstacle)
    }
    for comparison in HandOverRoutes(device: options.device).comparisons {
      bench.compare(comparison)
    }
    let count = bench.effort == .quick ? 1000 : 10_000
    do { for figure in try growth(over: count) { bench.add(figure) } } catch {
      bench.leaveOut("what hand-overs leave", because: "\(error)")
    }
  }

  /// What both processes have more of after so many small images than after a few.
  private func growth(over count: Int) throws -> [Figure] {
    let child = try ChildPeer(.handOver, options.device)
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let image = ImageDescriptor(width: 16, height: 4, formats: [.abgr8888])
    func handOver(_ times: Int) throws {
      for _ in 0..<times {
        try child.handOver(try pool.allocate(image, for: [.texture, .exportable]))
      }
    }
    func state() throws -> (descriptors: Int, kibibytes: Int) {
      let folders = ["self", "\(child.process)"].map { "/proc/\($0)/fd" }
      let names = try folders.flatMap { try FileManager.default.contentsOfDirectory(atPath: $0) }
      return (names.count, ProcessFootprint.now().proportionalKiB)
    }
    try handOver(100)
    let before = try state()
    try handOver(count)
    let after = try state()
    let note = "of both processes, after \(count.grouped) hand-overs beside after 100"
    return [
      Figure(
        title: "what hand-overs leave", name: "descriptors",
        value: Double(after.descriptors - before.descriptors), unit: .number, note: note),
      Figure(
        title: "what hand-overs leave", name: "KiB of memory",
        value: Double(after.kibibytes - before.kibibytes), unit: .number,
        note: "of the producer, after \(count.grouped) hand-overs beside after 100"),
    ]
  }
}

/// The process on the other side: this program once more, which ends with its parent's end of the socket.
final class ChildPeer {
  enum Role: String, ExpressibleByArgument {
    /// By ``BufferSocket``.
    case handOver
    /// A descriptor in a packet of one byte, imported.
    case bare
    /// One memory for all images, out of which each is copied.
    case copied
    /// A pipe, out of which each image is read.
    case piped
  }

  let process: pid_t
  /// Of the role `handOver`.
  private var socket: BufferSocket?
  /// Of the others.
  private(set) var line: PacketLine?

  init(_ role: Role, _ device: DeviceOptions) throws {
    let path = "/tmp/texbench-\(getpid())-\(UUID().uuidString)"
    switch role {
    case .handOver:
      let listener = try BufferListener(at: FilePath(path))
      process = try Self.spawn(role, path, device)
      try PacketLine.wait(for: listener.descriptor)
      socket = try listener.accept(as: "texbench")
      guard try socket?.receive(until: .now) == nil else { throw ProgramFailure("not a peer") }
    case .bare, .copied, .piped:
      let listener = try PacketLine(listeningAt: path)
      defer { unsafe unlink(path) }
      process = try Self.spawn(role, path, device)
      line = try listener.accept()
    }
  }

  deinit {
    socket?.close()
    (socket, line) = (nil, nil)
    kill(process, SIGKILL)
    var status: CInt = 0
    unsafe waitpid(process, &status, 0)
  }

  /// Until the other process has bound it and let go of it again.
  func handOver(_ buffer: TextureBuffer) throws {
    try socket?.offer(buffer)
    guard case .released(_, _, let refusal)? = try socket?.receive(until: .now + .seconds(20)),
      refusal == nil
    else { throw ProgramFailure("the other process did not take it") }
  }

  private static func spawn(
    _ role: Role, _ path: String, _ device: DeviceOptions
  ) throws -> pid_t {
    var process: pid_t = 0
    let words = ["texbench", "sharing-peer", role.rawValue, path] + device.choice
    var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    let failure = unsafe posix_spawn(&process, "/proc/self/exe", nil, nil, &arguments, environ)
    guard failure == 0 else {
      throw SystemFailure("posix_spawn", on: path, Errno(rawValue: failure))
    }
    return process
  }
}
