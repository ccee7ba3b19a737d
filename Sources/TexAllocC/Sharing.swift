public import CTexAlloc
internal import TexAlloc
internal import TexAllocEGL

// Who listens, and what the two sides of a connection tell each other.

final class HeldListener: Sendable {
  let listener: BufferListener

  init(_ listener: consuming BufferListener) { self.listener = listener }
}

extension texalloc_offer: SizedStruct {}

@c @implementation
public func texalloc_listener_create(
  _ path: UnsafePointer<CChar>?, _ allowed: UnsafePointer<UInt32>?, _ count: UInt32,
  _ listener: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(listener, for: "listener")
    let made = try unsafe BufferListener(
      at: TexAllocC.path(path), allowing: users(allowed, count))
    unsafe room.pointee = try Handles.listeners.insert(HeldListener(made))
  }
}

@c @implementation
public func texalloc_listener_get_descriptor(
  _ listener: OpaquePointer?, _ descriptor: UnsafeMutablePointer<CInt>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(descriptor, for: "descriptor")
    unsafe room.pointee = try Handles.listeners.find(listener).listener.descriptor.rawValue
  }
}

@c @implementation
public func texalloc_listener_accept(
  _ listener: OpaquePointer?, _ options: UnsafePointer<texalloc_socket_options>?,
  _ socket: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let (room, options) = unsafe (try room(socket, for: "socket"), try passed(options))
    let accepted = try Handles.listeners.find(listener).listener.accept(
      as: unsafe ownName(options), limits: unsafe PeerLimits(options))
    unsafe room.pointee = try Handles.sockets.insert(HeldSocket(accepted))
  }
}

@c @implementation
public func texalloc_listener_release(_ listener: OpaquePointer?) -> texalloc_status {
  answer { try Handles.listeners.release(listener) }
}

@c @implementation
public func texalloc_socket_ask(_ socket: OpaquePointer?) -> texalloc_status {
  answer { try Handles.sockets.find(socket).use { try $0.ask() } }
}

@c @implementation
public func texalloc_socket_answer(
  _ socket: OpaquePointer?, _ device: OpaquePointer?, _ formats: UnsafePointer<UInt32>?,
  _ formatCount: UInt32
) -> texalloc_status {
  answer {
    let socket = try Handles.sockets.find(socket)
    var components: [any Component] = []
    if unsafe device != nil { components.append(try Handles.devices.find(device).gpu) }
    let formats = try unsafe array(formats, formatCount, "formats")
    if !formats.isEmpty { components.append(PixelReader(of: formats)) }
    try socket.use { try $0.answer(with: components) }
  }
}

/// An application that reads pixels by the CPU.
private struct PixelReader: Component {
  let attributes: BufferAttributes

  init(of formats: [UInt32]) {
    attributes = BufferAttributes(name: "reader") {
      $0.formats = formats.map { Format(Fourcc(rawValue: $0)) }
      $0.cpuUsage = [.read]
    }
  }
}

@c @implementation
public func texalloc_socket_report_conflict(
  _ socket: OpaquePointer?, _ words: UnsafePointer<CChar>?
) -> texalloc_status {
  answer {
    let socket = try Handles.sockets.find(socket)
    let words = try unsafe text(words, "words")
    try socket.use { try $0.report(conflict: words) }
  }
}

/// nil for NULL.
private func fence(_ fence: OpaquePointer?) throws -> (any Fence)? {
  if unsafe fence == nil { return nil }
  return try Handles.fences.find(fence).fence
}

@c @implementation
public func texalloc_socket_offer(
  _ socket: OpaquePointer?, _ buffer: OpaquePointer?, _ offer: UnsafePointer<texalloc_offer>?,
  _ handOver: UnsafeMutablePointer<texalloc_hand_over>?
) -> texalloc_status {
  answer {
    let socket = try Handles.sockets.find(socket)
    let buffer = try Handles.buffer(buffer)
    let offer = try unsafe passed(offer)
    let (number, fence) = unsafe (offer.orientation.rawValue, try fence(offer.fence))
    guard let orientation = Orientation(rawValue: UInt8(clamping: number == 0 ? 1 : number)) else {
      throw Misuse.argument("orientation: \(number)")
    }
    let isKept = unsafe offer.is_kept
    let made = try socket.use {
      try $0.offer(buffer, keeping: isKept, orientation: orientation, after: fence)
    }
    unsafe handOver?.pointee = texalloc_hand_over(made)
  }
}

@c @implementation
public func texalloc_socket_is_idle(
  _ socket: OpaquePointer?, _ number: UInt64, _ isIdle: UnsafeMutablePointer<Bool>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(isIdle, for: "is_idle")
    unsafe room.pointee = try Handles.sockets.find(socket).use { $0.isIdle(number) }
  }
}

@c @implementation
public func texalloc_socket_offer_again(
  _ socket: OpaquePointer?, _ number: UInt64, _ fence: OpaquePointer?,
  _ handOver: UnsafeMutablePointer<texalloc_hand_over>?
) -> texalloc_status {
  answer {
    let socket = try Handles.sockets.find(socket)
    let fence = try unsafe TexAllocC.fence(fence)
    let made = try socket.use { try $0.handOverAgain(number, after: fence) }
    unsafe handOver?.pointee = texalloc_hand_over(made)
  }
}

@c @implementation
public func texalloc_socket_withdraw(
  _ socket: OpaquePointer?, _ number: UInt64
) -> texalloc_status {
  answer { try Handles.sockets.find(socket).use { try $0.withdraw(number) } }
}

@c @implementation
public func texalloc_socket_release_buffer(
  _ socket: OpaquePointer?, _ handOver: texalloc_hand_over, _ fence: OpaquePointer?
) -> texalloc_status {
  answer {
    let socket = try Handles.sockets.find(socket)
    let fence = try unsafe TexAllocC.fence(fence)
    try socket.use { try $0.release(HandOver(handOver), after: fence) }
  }
}

@c @implementation
public func texalloc_socket_refuse_buffer(
  _ socket: OpaquePointer?, _ handOver: texalloc_hand_over, _ reason: UnsafePointer<CChar>?
) -> texalloc_status {
  answer {
    let socket = try Handles.sockets.find(socket)
    let reason = try unsafe text(reason, "reason")
    try socket.use { try $0.refuse(HandOver(handOver), because: reason) }
  }
}

extension HandOver {
  fileprivate init(_ handOver: texalloc_hand_over) {
    self.init(number: handOver.number, generation: handOver.generation)
  }
}
