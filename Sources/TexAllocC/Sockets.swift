public import CTexAlloc
internal import Synchronization
internal import TexAlloc
internal import TexAllocEGL

/// A connection with what was said on it last. One thread at a time has it.
final class HeldSocket: Sendable {
  private struct State {
    let socket: BufferSocket
    /// What the peer has answered.
    var participants: [BufferAttributes] = []
    var peerName, words: CText?
  }

  private let state: Mutex<State>
  let descriptor: CInt
  let peer: PeerCredentials

  init(_ socket: sending BufferSocket) {
    (descriptor, peer) = (socket.descriptor.rawValue, socket.peer)
    state = Mutex(State(socket: socket))
  }

  /// - Throws: `Misuse` where another thread has it.
  private func withState<Result: Sendable>(
    _ body: (inout State) throws -> Result
  ) throws -> Result {
    let result = try state.withLockIfAvailable { state in try body(&state) }
    guard let result else {
      throw Misuse(TEXALLOC_BUSY, "another thread is in a call of the socket")
    }
    return result
  }

  func use<Result: Sendable>(_ body: (BufferSocket) throws -> Result) throws -> Result {
    try withState { try body($0.socket) }
  }

  var participants: [BufferAttributes] {
    get throws { try withState { $0.participants } }
  }

  /// Its texts last as long as this.
  var info: texalloc_socket_info {
    get throws {
      let (name, bytes) = try withState { state in
        if state.peerName == nil { state.peerName = state.socket.peerName.map { CText($0) } }
        return (state.peerName, state.socket.heldBytes)
      }
      var info = unsafe texalloc_socket_info()
      unsafe info.descriptor = descriptor
      unsafe info.process = peer.process
      unsafe info.user = peer.user
      unsafe info.group = peer.group
      unsafe info.peer_name = name?.pointer
      unsafe info.held_bytes = UInt64(bytes)
      return unsafe info
    }
  }

  /// What the peer says next, with words that last until it is asked again.
  func receive(waiting patience: UInt64) throws -> (event: SharingEvent?, words: CText?) {
    try withState { state in
      state.words = nil
      let event = try state.socket.receive(
        until: .now + .nanoseconds(Int64(clamping: patience)))
      if case .attributes(let participants) = event { state.participants = participants }
      state.words = event?.words.map { CText($0) }
      return (event, state.words)
    }
  }
}

extension SharingEvent {
  fileprivate var words: String? {
    switch self {
    case .conflict(let words): words
    case .released(_, _, let refusal): refusal
    case .closed(let reason): reason
    case .asked, .attributes, .received, .withdrawn: nil
    }
  }
}

extension texalloc_socket_options: SizedStruct {}
extension texalloc_socket_info: SizedStruct {}
extension texalloc_event: SizedStruct {}

extension PeerLimits {
  init(_ options: texalloc_socket_options) {
    self.init()
    if unsafe options.bytes > 0 { unsafe bytes = Int(clamping: options.bytes) }
    if unsafe options.buffers > 0 { unsafe buffers = Int(options.buffers) }
    if unsafe options.patience > 0 {
      unsafe patience = .nanoseconds(Int64(clamping: options.patience))
    }
  }
}

/// nil for those that are not told, hence this process's own.
func users(_ users: UnsafePointer<UInt32>?, _ count: UInt32) throws(Misuse) -> Set<UInt32>? {
  count == 0 ? nil : Set(try unsafe array(users, count, "users"))
}

/// What a side is called, which it need not be.
func ownName(_ options: texalloc_socket_options) throws(Misuse) -> String {
  try unsafe options.name == nil ? "texalloc" : text(options.name, "name")
}

@c @implementation
public func texalloc_socket_connect(
  _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<texalloc_socket_options>?,
  _ socket: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let (room, options) = unsafe (try room(socket, for: "socket"), try passed(options))
    let connected = try unsafe BufferSocket(
      connectingTo: TexAllocC.path(path), as: ownName(options),
      allowing: users(options.users, options.user_count), limits: PeerLimits(options))
    unsafe room.pointee = try Handles.sockets.insert(HeldSocket(connected))
  }
}

@c @implementation
public func texalloc_socket_get_info(
  _ socket: OpaquePointer?, _ info: UnsafeMutablePointer<texalloc_socket_info>?
) -> texalloc_status {
  answer { unsafe try pass(Handles.sockets.find(socket).info, to: info) }
}

@c @implementation
public func texalloc_socket_receive(
  _ socket: OpaquePointer?, _ patience: UInt64, _ event: UnsafeMutablePointer<texalloc_event>?
) -> texalloc_status {
  answer {
    let held = try Handles.sockets.find(socket)
    // Looked at first, so that nothing is said that nobody hears.
    var result = unsafe texalloc_event()
    try unsafe requireRoom(in: event)
    let (said, words) = try held.receive(waiting: patience)
    unsafe result.words = words?.pointer
    do { unsafe try result.fill(said) } catch {
      // The peer gets back what nobody here hears of.
      if case .received(let image) = said {
        try? held.use { try $0.refuse(image.handOver, because: "\(error)") }
      }
      throw error
    }
    unsafe try pass(result, to: event)
  }
}

extension texalloc_event {
  /// Makes handles of what comes with it.
  fileprivate mutating func fill(_ event: SharingEvent?) throws(Misuse) {
    switch event {
    case nil: unsafe kind = TEXALLOC_EVENT_NONE
    case .asked: unsafe kind = TEXALLOC_EVENT_ASKED
    case .attributes: unsafe kind = TEXALLOC_EVENT_ATTRIBUTES
    case .conflict: unsafe kind = TEXALLOC_EVENT_CONFLICT
    case .received(let image):
      unsafe kind = TEXALLOC_EVENT_RECEIVED
      unsafe hand_over = texalloc_hand_over(image.handOver)
      unsafe orientation = texalloc_orientation(image.orientation)
      unsafe is_kept = image.isKept
      if let fence = image.fence {
        unsafe self.fence = try Handles.fences.insert(HeldFence(fence))
      }
      do { unsafe buffer = try Handles.buffers.insert(HeldBuffer(image.buffer)) } catch {
        unsafe try Handles.fences.release(fence)
        throw error
      }
    case .withdrawn(let image):
      unsafe kind = TEXALLOC_EVENT_WITHDRAWN
      unsafe hand_over = texalloc_hand_over(image.handOver)
    case .released(let handOver, _, let refusal):
      unsafe kind = TEXALLOC_EVENT_RELEASED
      unsafe hand_over = texalloc_hand_over(handOver)
      unsafe is_refused = refusal != nil
    case .closed: unsafe kind = TEXALLOC_EVENT_CLOSED
    }
  }
}

extension texalloc_hand_over {
  init(_ handOver: HandOver) {
    self.init(number: handOver.number, generation: handOver.generation)
  }
}

@c @implementation
public func texalloc_socket_announce(_ socket: OpaquePointer?) -> texalloc_status {
  answer { try Handles.sockets.find(socket).use { try $0.announce() } }
}

@c @implementation
public func texalloc_socket_close(
  _ socket: OpaquePointer?, _ reason: UnsafePointer<CChar>?
) -> texalloc_status {
  answer {
    let socket = try Handles.sockets.find(socket)
    let reason = try unsafe reason == nil ? "" : text(reason, "reason")
    try socket.use { $0.close(because: reason) }
  }
}

@c @implementation
public func texalloc_socket_release(_ socket: OpaquePointer?) -> texalloc_status {
  answer { try Handles.sockets.release(socket) }
}
