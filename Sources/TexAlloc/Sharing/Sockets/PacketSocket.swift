internal import CLinux
internal import Glibc
internal import SystemPackage

/// A connected socket of packets, each of bytes and descriptors ([unix(7)], SOCK_SEQPACKET, SCM_RIGHTS).
///
/// [unix(7)]: https://man7.org/linux/man-pages/man7/unix.7.html
struct PacketSocket: ~Copyable {
  private static let name = "socket"
  let file: OwnedDescriptor
  /// Who was on the other side when it connected, or listened.
  let peer: PeerCredentials

  /// - Parameter file: Connected.
  init(owning file: consuming OwnedDescriptor) throws(SystemFailure) {
    var peer = texalloc_credentials()
    let raw = file.descriptor.rawValue
    try systemCall("SO_PEERCRED", on: Self.name) { unsafe texalloc_peer(raw, &peer) }
    self.file = file
    self.peer = PeerCredentials(process: peer.process, user: peer.user, group: peer.group)
  }

  /// - Throws: `SystemFailure`: no such file where nobody listens, access denied to another user's.
  static func connecting(to path: FilePath) throws(SystemFailure) -> PacketSocket {
    let file = try open(named: path.string)
    let raw = file.descriptor.rawValue
    try systemCall("connect", on: path.string) {
      unsafe path.withPlatformString { unsafe texalloc_connect(raw, $0) }
    }
    return try PacketSocket(owning: file)
  }

  /// A socket that is neither connected nor listens.
  static func open(named name: String) throws(SystemFailure) -> OwnedDescriptor {
    OwnedDescriptor(owning: try systemCall("socket", on: name) { texalloc_packet_socket() })
  }

  /// Waits until there is something to read, or room to write.
  ///
  /// - Returns: Whether there is before the deadline.
  func wait(
    for events: CInt, until deadline: ContinuousClock.Instant
  ) throws(SystemFailure) -> Bool {
    var request = pollfd(fd: file.descriptor.rawValue, events: Int16(events), revents: 0)
    let ready = try systemCall("poll", on: Self.name) {
      let left = (max(.zero, deadline - .now) / .milliseconds(1)).rounded(.up)
      return unsafe poll(&request, 1, CInt(min(left, Double(CInt.max))))
    }
    return ready > 0
  }

  /// - Returns: Whether the peer made room before the deadline.
  func send(
    _ bytes: [UInt8], _ descriptors: [CInt], until deadline: ContinuousClock.Instant
  ) throws(SystemFailure) -> Bool {
    let raw = file.descriptor.rawValue
    while true {
      do {
        try systemCall("sendmsg", on: Self.name) {
          unsafe texalloc_send_packet(
            raw, bytes, bytes.count, descriptors, CInt(descriptors.count))
        }
        return true
      } catch {
        guard error.errno == .resourceTemporarilyUnavailable else { throw error }
      }
      guard try wait(for: POLLOUT, until: deadline) else { return false }
    }
  }

  /// The next packet.
  ///
  /// - Parameter room: For its bytes, of which it gets the first.
  /// - Returns: nil where none came before the deadline.
  func receive(
    into room: inout [UInt8], until deadline: ContinuousClock.Instant
  ) throws(SystemFailure) -> Packet? {
    let raw = file.descriptor.rawValue
    var packet = texalloc_packet()
    while true {
      do {
        let size = try systemCall("recvmsg", on: Self.name) {
          unsafe texalloc_receive_packet(raw, &room, room.count, &packet)
        }
        return Packet(packet, size: Int(size))
      } catch {
        // The kernel says once that the peer went without reading all; what it had sent comes after that.
        if error.errno == .connectionReset { continue }
        guard error.errno == .resourceTemporarilyUnavailable else { throw error }
      }
      guard try wait(for: POLLIN, until: deadline) else { return nil }
    }
  }
}

/// What came in one packet, apart from its bytes. Descriptors that nobody takes are closed with it.
final class Packet {
  /// Bytes; 0 where the other side is gone.
  let size: Int
  /// Whether not all of its bytes, or of its descriptors, came through.
  let areBytesCut, areDescriptorsCut: Bool
  private var descriptors: [FileDescriptor?]

  init(_ packet: texalloc_packet, size: Int) {
    self.size = size
    areBytesCut = packet.bytes_cut != 0
    areDescriptorsCut = packet.descriptors_cut != 0
    descriptors = unsafe withUnsafeBytes(of: packet.descriptors) { bytes in
      (0..<Int(packet.count)).map {
        FileDescriptor(
          rawValue: unsafe bytes.load(fromByteOffset: $0 * MemoryLayout<CInt>.size, as: CInt.self))
      }
    }
  }

  deinit { for descriptor in descriptors { try? descriptor?.close() } }

  var count: Int { descriptors.count }

  /// Gives a descriptor away, once.
  func take(_ index: Int) -> OwnedDescriptor {
    guard let descriptor = descriptors[index] else {
      preconditionFailure("descriptor \(index) of the packet was taken before")
    }
    descriptors[index] = nil
    return OwnedDescriptor(owning: descriptor)
  }
}

/// Who is on the other side of a socket: SO_PEERCRED of [unix(7)].
///
/// [unix(7)]: https://man7.org/linux/man-pages/man7/unix.7.html
public struct PeerCredentials: Hashable, Sendable {
  /// Numbers of the kernel's, as this process sees them.
  public let process: Int32
  public let user, group: UInt32

  public init(process: Int32, user: UInt32, group: UInt32) {
    self.process = process
    self.user = user
    self.group = group
  }
}
