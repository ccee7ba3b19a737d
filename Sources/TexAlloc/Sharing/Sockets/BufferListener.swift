internal import CLinux
internal import Glibc
public import SystemPackage

/// A path where peers connect. Only the user that listens can open it, and of those who do, only who is
/// allowed gets a connection.
public struct BufferListener: ~Copyable, Sendable {
  private let file: OwnedDescriptor
  private let path: FilePath
  private let device: DeviceID
  private let inode: Inode
  private let allowed: Set<UInt32>

  /// A socket that nobody listens at any more is replaced; anything else that has the path is not.
  ///
  /// - Parameters:
  ///   - path: At most 107 bytes.
  ///   - users: Who may connect, by number; absent, the user of this process. Others cannot open the file
  ///     unless its mode is changed.
  /// - Throws: `SharingError.failed`: address in use where somebody listens, or a file is there.
  public init(
    at path: FilePath, allowing users: Set<UInt32>? = nil
  ) throws(SharingError) {
    do throws(SystemFailure) {
      let socket = try PacketSocket.open(named: path.string)
      let raw = socket.descriptor.rawValue
      do throws(SystemFailure) {
        try Self.bind(raw, to: path)
      } catch {
        guard error.errno == .addressInUse, Self.isDeserted(path) else { throw error }
        _ = unsafe path.withPlatformString { unsafe unlink($0) }
        try Self.bind(raw, to: path)
      }
      guard let status = try? path.stat(followTargetSymlink: false) else {
        throw SystemFailure("stat", on: path.string, .noSuchFileOrDirectory)
      }
      file = socket
      (device, inode) = (status.deviceID, status.inode)
    } catch {
      throw .failed(error)
    }
    self.path = path
    allowed = users ?? [geteuid()]
  }

  private static func bind(_ raw: CInt, to path: FilePath) throws(SystemFailure) {
    try systemCall("bind", on: path.string) {
      unsafe path.withPlatformString { unsafe texalloc_listen(raw, $0) }
    }
  }

  private static func isDeserted(_ path: FilePath) -> Bool {
    guard (try? path.stat(followTargetSymlink: false))?.type == .socket else { return false }
    return unsafe path.withPlatformString { unsafe texalloc_is_deserted($0) != 0 }
  }

  /// The path goes with the listener, unless it is another's by now.
  deinit {
    if let status = try? path.stat(followTargetSymlink: false), status.deviceID == device,
      status.inode == inode
    {
      _ = unsafe path.withPlatformString { unsafe unlink($0) }
    }
  }

  /// Readable when a peer waits to be accepted.
  public var descriptor: FileDescriptor { file.descriptor }

  /// The next peer; waits for one.
  ///
  /// - Parameters:
  ///   - name: What this side is called.
  /// - Throws: `SharingError.stranger` where the peer is not allowed, which is then gone.
  public func accept(
    as name: String, limits: PeerLimits = PeerLimits()
  ) throws(SharingError) -> BufferSocket {
    let raw = descriptor.rawValue
    let socket = try SharingError.stating { () throws(SystemFailure) in
      try PacketSocket(
        owning: OwnedDescriptor(
          owning: try systemCall("accept", on: path.string) { texalloc_accept(raw) }))
    }
    let peer = socket.peer
    guard allowed.contains(peer.user) else { throw .stranger(peer, allowed: allowed) }
    return try BufferSocket(socket, as: name, limits: limits)
  }
}
