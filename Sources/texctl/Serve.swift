internal import ArgumentParser
internal import Glibc
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocJPEG

struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Decode JPEG files for other processes, and hand them over.",
    discussion: """
      Each client is asked what it can live with before anything is allocated for it. \
      Docs/wire-format.md says what a client of your own has to speak, Docs/security.md who can be one.
      """)

  @Argument(help: "Where clients connect: the path of a socket.", completion: .file())
  var socket: String

  @Argument(help: "JPEG files.", completion: .file())
  var inputs: [String]

  @Option(help: ArgumentHelp("End after so many clients.", valueName: "count"))
  var clients: Int?

  @Option(help: ArgumentHelp("How long a client may keep still.", valueName: "seconds"))
  var patience = Patience(seconds: 10)

  @Option(
    help: ArgumentHelp(
      "The number of a user who may connect, beside one's own; may be repeated.",
      valueName: "user"))
  var allow: [UInt32] = []

  @Option(
    help: ArgumentHelp(
      "What is made for one client at the most, which says how its memory is laid out.",
      valueName: "MiB"))
  var memory = 512

  func validate() throws {
    guard (1...1 << 20).contains(memory) else {
      throw ValidationError("--memory is 1 to \(1 << 20) MiB")
    }
    guard clients ?? 1 > 0 else { throw ValidationError("--clients is at least 1") }
  }

  func run() throws {
    try Texctl.stating {
      let photos = try inputs.map {
        ServedPhotograph(name: $0, image: try JPEGImage(contentsOf: FilePath($0)))
      }
      let listener = try BufferListener(
        at: FilePath(socket), allowing: Set([geteuid()] + allow))
      Console.say("texctl: serving at \(socket)")
      var server = PhotographServer(
        photos: photos,
        // None has memory to offer here, and not a page of what it sends is made ready.
        limits: PeerLimits(bytes: 0, patience: patience.duration),
        memory: memory << 20, clients: clients)
      while !server.isDone { try server.serve(listener) }
    }
  }
}

/// How long another process may keep still, as it is typed: a part of a second, or up to a day.
struct Patience: ExpressibleByArgument, CustomStringConvertible {
  private let seconds: Double

  init(seconds: Double) { self.seconds = seconds }

  init?(argument: String) {
    guard let seconds = Double(argument), (0...86_400).contains(seconds) else { return nil }
    self.seconds = seconds
  }

  var duration: Duration { .seconds(seconds) }

  var description: String { "\(seconds)" }
}

/// A photograph that is decoded anew for each client, since memory that one has had is for no other.
struct ServedPhotograph {
  let name: String
  let image: JPEGImage
}

/// Several clients at a time, on one thread: none of them can make it wait.
struct PhotographServer {
  private let photos: [ServedPhotograph]
  private let limits: PeerLimits
  /// Bytes that are made for a client.
  private let memory: Int
  /// How many are still to come; nil for no end.
  private var left: Int?
  private var clients: [PhotographClient] = []
  /// Whether the last who came could not be accepted, for want of descriptors or memory; they wait.
  private var isExhausted = false
  private var nextTry = ContinuousClock.now
  private static let rest = Duration.milliseconds(200)
  /// More than that wait to be accepted.
  private static let mostClients = 16

  init(photos: [ServedPhotograph], limits: PeerLimits, memory: Int, clients: Int?) {
    self.photos = photos
    self.limits = limits
    self.memory = memory
    left = clients
  }

  var isDone: Bool { left == 0 && clients.isEmpty }

  /// Waits until somebody has something to say, and serves whoever has.
  mutating func serve(_ listener: borrowing BufferListener) throws {
    var requests = ([listener.descriptor] + clients.map(\.socket.descriptor)).map {
      pollfd(fd: $0.rawValue, events: Int16(POLLIN), revents: 0)
    }
    if left == 0 || clients.count == Self.mostClients || ContinuousClock.now < nextTry {
      requests[0].fd = -1
    }
    _ = unsafe poll(&requests, nfds_t(requests.count), 200)
    clients.removeAll { !$0.goOn() }
    guard requests[0].revents != 0 else { return }
    do throws(SharingError) {
      let socket = try listener.accept(as: "texctl serve", limits: limits)
      clients.append(
        PhotographClient(socket, photos, patience: limits.patience, memory: memory))
      left = left.map { $0 - 1 }
      isExhausted = false
    } catch {
      if case .failed = error {
        // Whoever could not be accepted is still there, and would be found at once.
        nextTry = .now + Self.rest
        if isExhausted { return }
        isExhausted = true
      }
      Console.say("texctl: \(error)")
    }
  }
}

/// One client: asked, then handed one photograph after the other.
private final class PhotographClient {
  let socket: BufferSocket
  private var photos: ArraySlice<ServedPhotograph>
  private var pool: TexturePool?
  private var isAsked = false
  private let patience: Duration
  private let memory: Int
  private var lastWord = ContinuousClock.now

  init(
    _ socket: BufferSocket, _ photos: [ServedPhotograph], patience: Duration, memory: Int
  ) {
    self.socket = socket
    self.photos = photos[...]
    self.patience = patience
    self.memory = memory
  }

  /// Does what can be done now; answers whether there will be more to do.
  func goOn() -> Bool {
    do {
      if !isAsked {
        try socket.ask()
        isAsked = true
      }
      while let event = try socket.receive(until: .now) {
        lastWord = .now
        guard try take(event) else { return false }
      }
      guard ContinuousClock.now - lastWord < patience else { throw SharingError.slow(patience) }
      return true
    } catch {
      Console.say("texctl: client \(socket.peer.process): \(error)")
      socket.close(because: "\(error)")
      return false
    }
  }

  private func take(_ event: SharingEvent) throws -> Bool {
    switch event {
    case .attributes(let participants):
      do {
        pool = try TexturePool(
          for: participants.map(PeerComponent.init) + [JPEGDecoder.component],
          limits: PoolLimits(budget: memory))
        return try offerNext()
      } catch let error as AllocationError {
        try socket.report(conflict: "\(error)")
        throw error
      }
    case .released(_, let buffer, let refusal):
      if let refusal {
        Console.say("texctl: client \(socket.peer.process): \(buffer.name): refused: \(refusal)")
      }
      return try offerNext()
    case .closed: return false
    case .asked, .conflict, .received, .withdrawn:
      throw ProgramFailure("a client of photographs has none to offer")
    }
  }

  /// The next photograph; answers whether there was one.
  private func offerNext() throws -> Bool {
    guard let photo = photos.popFirst(), let pool else {
      socket.close(because: "that was all")
      return false
    }
    let buffer = try pool.allocate(
      photo.image.descriptor, for: [.texture, .exportable], named: photo.name)
    try photo.image.decode(into: buffer)
    try socket.offer(buffer, orientation: photo.image.orientation)
    return true
  }
}
