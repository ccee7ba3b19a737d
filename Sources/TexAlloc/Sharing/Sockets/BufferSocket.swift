internal import Glibc
internal import Synchronization
public import SystemPackage

/// A connection to another process by which buffers go from one to the other: each is a descriptor of its
/// own and a description, never a copy.
///
/// Both sides may be producer and consumer. One thread has the socket; it belongs into a loop that calls
/// ``receive(until:)`` whenever the descriptor is readable, and now and then: that is also when the
/// other side is told how far our fences have come.
///
/// ```swift
/// let socket = try BufferSocket(connectingTo: "/run/user/1000/camera", as: "viewer")
/// while let event = try socket.receive(until: .now + .seconds(10)) {
///   guard case .received(let image) = event else { continue }
///   draw(try gpu.texture(for: image.buffer))
///   try socket.release(image.handOver, after: gpu.makeFence())
/// }
/// ```
///
/// The peer is trusted with nothing: whatever it sends is checked, and what is not right ends the
/// connection with a ``SharingError``. When the connection ends, by whomever, all that the peer held is
/// released: by ``receive(until:)``, which first gives out what the peer said before it went.
/// `Docs/wire-format.md` has the messages, `Docs/security.md` the reasons.
public final class BufferSocket {
  private static let last = Atomic<UInt64>(0)

  /// Who is on the other side.
  public let peer: PeerCredentials
  /// What it calls itself; nil until it has said so.
  public private(set) var peerName: String?
  public let limits: PeerLimits
  /// Bytes of the peer's memory that this process holds.
  public var heldBytes: Int { quota.held }

  let quota: PeerQuota
  /// What a buffer is marked with that went to this peer.
  let number = last.add(1, ordering: .relaxed).newValue
  let timeline = PeerTimeline()
  var lending = Lending()
  var borrowing = Borrowing()
  private let socket: PacketSocket
  private var isClosed = false
  private var sent: UInt64 = 0
  private var heard: UInt64 = 0
  /// The highest counter of the peer's fences.
  private var promised: UInt64 = 0
  /// What the peer is to be told of, in the order of the counters.
  private var fences: [any Fence] = []
  private var reached: UInt64 = 0
  private var room = [UInt8](repeating: 0, count: WireForm.largestMessage)

  /// Connects to a ``BufferListener``, or to whoever speaks its language.
  ///
  /// - Parameters:
  ///   - name: What this side is called.
  ///   - users: Who may listen there; absent, the user of this process.
  /// - Throws: `SharingError`: `stranger`, or `failed` with what `connect` says.
  public convenience init(
    connectingTo path: FilePath, as name: String, allowing users: Set<UInt32>? = nil,
    limits: PeerLimits = PeerLimits()
  ) throws(SharingError) {
    let socket = try SharingError.stating { () throws(SystemFailure) in
      try PacketSocket.connecting(to: path)
    }
    let peer = socket.peer
    let users = users ?? [geteuid()]
    guard users.contains(peer.user) else { throw .stranger(peer, allowed: users) }
    try self.init(socket, as: name, limits: limits)
  }

  init(
    _ socket: consuming PacketSocket, as name: String, limits: PeerLimits
  ) throws(SharingError) {
    peer = socket.peer
    self.socket = socket
    self.limits = limits
    quota = PeerQuota(bytes: limits.bytes)
    do throws(SharingError) {
      try send(.hello(name: name.fit(forWire: WireForm.longestName)))
    } catch {
      // What a peer said that is gone already is to be received like anyone's.
      guard error == .closed else { throw error }
    }
  }

  deinit { end() }

  /// Readable when there is something to receive. The socket's own.
  public var descriptor: FileDescriptor { socket.file.descriptor }

  /// Tells the peer why the connection ends, and ends it.
  public func close(because reason: String = "") {
    guard !isClosed else { return }
    let words = reason.fit(forWire: WireForm.longestWords)
    _ = try? socket.send(WireMessage.farewell(words).encoded(as: sent), [], until: .now)
    end()
  }

  /// Lets go of all that the peer held. The peer finds the connection at its end, too, however long the
  /// application keeps this.
  private func end() {
    isClosed = true
    shutdown(descriptor.rawValue, CInt(SHUT_RDWR))
    lending = Lending()
    borrowing = Borrowing()
    fences = []
    timeline.end()
  }
}

extension BufferSocket {
  /// What the peer says next.
  ///
  /// - Parameter deadline: Until which it waits.
  /// - Returns: nil where nothing came. ``SharingEvent/closed(because:)`` once, where the peer is gone.
  /// - Throws: `SharingError` for whatever the peer must not send; `closed` ever after.
  public func receive(
    until deadline: ContinuousClock.Instant
  ) throws(SharingError) -> SharingEvent? {
    guard !isClosed else { throw .closed }
    do throws(SharingError) { try announce() } catch {
      // What the peer said before it went is still there.
      guard error == .closed else { throw error }
    }
    while let packet = try nextPacket(until: deadline) {
      if packet.size == 0 {
        end()
        return .closed(because: nil)
      }
      do throws(SharingError) {
        if let event = try take(packet) { return event }
      } catch {
        close(because: "\(error)")
        throw error
      }
    }
    return nil
  }

  private func nextPacket(
    until deadline: ContinuousClock.Instant
  ) throws(SharingError) -> Packet? {
    do throws(SystemFailure) { return try socket.receive(into: &room, until: deadline) } catch {
      end()
      throw .failed(error)
    }
  }

  /// Answers with what the application is to know of it.
  private func take(_ packet: Packet) throws(SharingError) -> SharingEvent? {
    let message: WireMessage
    do throws(MalformedMessage) {
      if packet.areBytesCut || packet.areDescriptorsCut {
        throw MalformedMessage(
          message: "header", field: packet.areBytesCut ? "size" : "descriptors",
          wanted: packet.areBytesCut
            ? "at most \(WireForm.largestMessage) bytes"
            : "at most \(WireForm.mostDescriptors), and room for them in this process",
          held: "more")
      }
      message = try WireMessage(
        room.span.extracting(first: packet.size), descriptors: packet.count, sequence: heard)
    } catch {
      throw .malformed(error)
    }
    heard += 1
    guard (peerName == nil) == (message.kind == .hello) else {
      throw .unexpected(
        message: "\(message.kind)", because: "hello is the first message, and no other")
    }
    return try take(message, packet)
  }

  private func take(
    _ message: WireMessage, _ packet: Packet
  ) throws(SharingError) -> SharingEvent? {
    switch message {
    case .hello(let name):
      peerName = name
      return nil
    case .ask: return try borrowing.takeQuestion()
    case .attributes(let participants): return try lending.take(participants)
    case .conflict(let words): return try borrowing.takeConflict(words)
    case .offer(let offer): return try take(offer, packet)
    case .again(let tenure, let fence): return try take(tenure, try self.fence(fence, packet))
    case .release(let tenure, let fence, let refusal):
      return try lending.take(tenure, after: try self.fence(fence, packet), refusal)
    case .withdraw(let number): return try borrowing.takeWithdrawal(of: number)
    case .reached(let counter):
      guard counter <= promised else {
        throw .unexpected(
          message: "reached", because: "\(counter) is beyond \(promised), its highest counter")
      }
      guard timeline.reach(counter) else {
        throw .unexpected(message: "reached", because: "\(counter) is no further than before")
      }
      return nil
    case .farewell(let words):
      end()
      return .closed(because: words)
    }
  }

  /// What the peer wants waited for; its sync file is the last descriptor.
  func fence(_ fence: WireFence, _ packet: Packet) throws(SharingError) -> (any Fence)? {
    switch fence {
    case .passed: return nil
    case .counter(let counter):
      guard counter == promised + 1 else {
        throw .unexpected(
          message: "fence", because: "counter \(counter) after \(promised): each is one more")
      }
      promised = counter
      return CounterFence(counter, of: timeline)
    case .syncFile:
      do throws(SystemFailure) {
        return try SyncFile(owning: packet.take(packet.count - 1))
      } catch {
        throw .failed(error)
      }
    }
  }
}

extension BufferSocket {
  /// Sends one message within the patience; a peer that does not read so long loses the connection.
  ///
  /// - Throws: `SharingError`: `closed` where the peer is gone; what it said before is still to be received.
  func send(_ message: WireMessage, _ descriptors: [CInt] = []) throws(SharingError) {
    guard !isClosed else { throw .closed }
    let bytes = message.encoded(as: sent)
    // Held to what the peer will hold it to: long lists of attributes may not fit.
    do throws(MalformedMessage) {
      _ = try WireMessage(bytes.span, descriptors: descriptors.count, sequence: sent)
    } catch {
      throw .misuse("not sent: \(error)")
    }
    do throws(SystemFailure) {
      guard try socket.send(bytes, descriptors, until: .now + limits.patience) else {
        end()
        throw SystemFailure("sendmsg", on: "socket", .timedOut)
      }
    } catch {
      switch error.errno {
      case .timedOut: throw .slow(limits.patience)
      case .brokenPipe, .connectionReset: throw .closed
      default: throw .failed(error)
      }
    }
    sent += 1
  }

  /// Sends a message that ends with a fence, in the best form that the fence has.
  func send(
    _ descriptors: [CInt], after fence: (any Fence)?, _ message: (WireFence) -> WireMessage
  ) throws(SharingError) {
    guard let fence, !fence.hasPassed else { return try send(message(.passed), descriptors) }
    if let file = fence as? SyncFile {
      return try send(message(.syncFile), descriptors + [file.descriptor.rawValue])
    }
    try send(message(.counter(reached + UInt64(fences.count) + 1)), descriptors)
    fences.append(fence)
  }

  /// Tells the peer how far the fences have come that it waits for, which ``receive(until:)`` does, too.
  public func announce() throws(SharingError) {
    let passed = fences.prefix { $0.hasPassed }.count
    guard passed > 0 else { return }
    try send(.reached(reached + UInt64(passed)))
    fences.removeFirst(passed)
    reached += UInt64(passed)
  }
}
