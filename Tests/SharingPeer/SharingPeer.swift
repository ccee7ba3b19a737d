import Glibc
import TexAlloc

/// One side of a conversation in which everything happens that the protocol has, for a process that ends
/// itself at a step of it, and for the one that lives on.
struct Conversation {
  enum Role: String {
    case producer, consumer
  }

  /// How many steps either side has at most.
  static let steps = 9

  private let socket: BufferSocket
  private let step: (Int) -> Void
  private var count = 0

  /// - Parameter step: Called before each of them, with its number from 0.
  init(over socket: BufferSocket, step: @escaping (Int) -> Void = { _ in }) {
    self.socket = socket
    self.step = step
  }

  private mutating func next() {
    step(count)
    count += 1
  }

  /// - Returns: Whether it came to its end; else the other is gone.
  mutating func run(as role: Role) throws -> Bool {
    do {
      switch role {
      case .producer: return try produce()
      case .consumer: return try consume()
      }
    } catch SharingError.closed {
      return false
    }
  }

  private mutating func produce() throws -> Bool {
    next()
    try socket.ask()
    next()
    guard case .attributes(let peers) = try receive() else { return false }
    let pool = try TexturePool(for: peers.map(PeerComponent.init), from: [MemfdHeap()])
    let image = ImageDescriptor(width: 100, height: 50, formats: [.abgr8888])
    let buffer = try pool.allocate(image, for: [.texture, .exportable])
    next()
    let number = try socket.offer(buffer, keeping: true, after: Soon()).number
    next()
    guard case .released = try receive() else { return false }
    next()
    try socket.handOverAgain(number, after: Soon())
    next()
    guard case .released = try receive() else { return false }
    next()
    try socket.withdraw(number)
    next()
    socket.close(because: "the end")
    next()
    return true
  }

  private mutating func consume() throws -> Bool {
    next()
    guard case .asked = try receive() else { return false }
    next()
    try socket.answer(with: [])
    for _ in 0..<2 {
      next()
      guard case .received(let image) = try receive() else { return false }
      next()
      guard try image.buffer.pixels().count == 20_000 else { return false }
      try socket.release(image.handOver, after: Soon())
    }
    next()
    guard case .withdrawn = try receive() else { return false }
    next()
    guard case .closed("the end") = try receive() else { return false }
    return true
  }

  private func receive() throws -> SharingEvent {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      if let event = try socket.receive(until: .now + .milliseconds(5)) { return event }
    }
    throw SharingError.slow(.seconds(60))
  }
}

/// A fence that has not passed yet when it is sent.
private final class Soon: Fence {
  private let time = ContinuousClock.now + .milliseconds(2)
  var hasPassed: Bool { ContinuousClock.now >= time }
  func wait(until deadline: ContinuousClock.Instant) -> Bool { hasPassed }
}

@main
struct SharingPeer {
  /// `sharingpeer SOCKET ROLE STEP`: talks, and ends itself as by `kill -9` before the step.
  /// `sharingpeer SOCKET`: is a ``PatternReader``.
  static func main() throws {
    let arguments = CommandLine.arguments
    if arguments.count == 2 {
      let reader = PatternReader(
        over: try BufferSocket(connectingTo: FilePath(arguments[1]), as: "reader"))
      exit(try reader.run() ? 0 : 1)
    }
    guard arguments.count == 4, let role = Conversation.Role(rawValue: arguments[2]),
      let last = Int(arguments[3])
    else { exit(2) }
    let socket = try BufferSocket(connectingTo: FilePath(arguments[1]), as: "peer")
    var conversation = Conversation(over: socket) { step in
      if step == last { kill(getpid(), SIGKILL) }
    }
    exit(try conversation.run(as: role) ? 0 : 1)
  }
}
