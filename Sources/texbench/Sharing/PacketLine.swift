internal import CLinux
internal import Glibc
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc

/// A socket of packets with nothing around it: what handing a descriptor over costs at the least.
final class PacketLine {
  private let file: OwnedDescriptor

  private init(_ raw: CInt, _ operation: String) throws {
    guard raw >= 0 else { throw SystemFailure(operation, on: "socket", Errno(rawValue: errno)) }
    file = OwnedDescriptor(owning: FileDescriptor(rawValue: raw))
  }

  convenience init(listeningAt path: String) throws {
    try self.init(texalloc_packet_socket(), "socket")
    guard unsafe texalloc_listen(raw, path) == 0 else {
      throw SystemFailure("bind", on: path, Errno(rawValue: errno))
    }
  }

  convenience init(connectingTo path: String) throws {
    try self.init(texalloc_packet_socket(), "socket")
    guard unsafe texalloc_connect(raw, path) == 0 else {
      throw SystemFailure("connect", on: path, Errno(rawValue: errno))
    }
  }

  func accept() throws -> PacketLine {
    try Self.wait(for: file.descriptor)
    return try PacketLine(texalloc_accept(raw), "accept")
  }

  /// Until the other process connects, which it does not where it has no GPU.
  static func wait(for descriptor: FileDescriptor) throws {
    var request = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&request, 1, 20_000) == 1 else {
      throw ProgramFailure("the other process does not connect")
    }
  }

  private var raw: CInt { file.descriptor.rawValue }

  /// One byte, and perhaps a descriptor.
  func send(_ descriptor: FileDescriptor? = nil) throws {
    let descriptors = [descriptor].compactMap { $0?.rawValue }
    let sent = unsafe texalloc_send_packet(raw, [1], 1, descriptors, CInt(descriptors.count))
    guard sent == 1 else { throw SystemFailure("sendmsg", on: "socket", Errno(rawValue: errno)) }
  }

  /// Waits for the next; the descriptor that came with it. nil where the other side is gone.
  func receive() throws -> [FileDescriptor]? {
    var request = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
    _ = unsafe poll(&request, 1, 20_000)
    var packet = texalloc_packet()
    var byte: UInt8 = 0
    guard unsafe texalloc_receive_packet(raw, &byte, 1, &packet) > 0 else { return nil }
    return packet.count > 0 ? [FileDescriptor(rawValue: packet.descriptors.0)] : []
  }
}
