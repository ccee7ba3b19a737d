internal import Glibc
internal import Synchronization
internal import SystemPackage
internal import TexAlloc

/// A file whose bytes are in memory.
struct EncodedFile: Sendable {
  let source: ImageSource
  /// nil where it is of no path.
  let identity: FileIdentity?

  init(_ source: ImageSource, _ identity: FileIdentity?) {
    self.source = source
    self.identity = identity
  }

  /// nil where it has to be read.
  init?(inMemory request: AssetRequest) {
    guard case .opened(let source) = request.source,
      source.withBytesInMemory({ _ in true }) != nil
    else { return nil }
    self.init(source, nil)
  }
}

/// What a file is told apart by from what was, or is, at the same path.
struct FileIdentity: Hashable, Sendable {
  private let device, inode: UInt64
  private let size, seconds, nanoseconds: Int64

  init(_ status: Stat) {
    device = UInt64(truncatingIfNeeded: status.deviceID.rawValue)
    inode = UInt64(truncatingIfNeeded: status.inode.rawValue)
    size = status.size
    (seconds, nanoseconds) = (Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec))
  }
}

/// Where files come from.
struct Disk: Sendable {
  /// The file system that a path leads to, as far as the path itself tells: without a look at it.
  let mount: @Sendable (FilePath) -> String
  let open: @Sendable (FilePath) throws(ImageDecodingError) -> EncodedFile

  static func system() -> Disk {
    let mounts = MountTable()
    return Disk(
      mount: { mounts.mount(of: $0) },
      open: { path throws(ImageDecodingError) in
        mounts.refresh()
        return try Self.open(path)
      })
  }

  private static func open(_ path: FilePath) throws(ImageDecodingError) -> EncodedFile {
    func failure(_ error: any Error) -> ImageDecodingError {
      ImageDecodingError(path.string, .unreadable(error as? Errno ?? .ioError))
    }
    let descriptor: FileDescriptor
    do {
      descriptor = try .open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
    } catch { throw failure(error) }
    let file = OwnedDescriptor(owning: descriptor)
    let identity: FileIdentity
    do { identity = FileIdentity(try descriptor.stat()) } catch { throw failure(error) }
    return EncodedFile(try ImageSource(file, named: path.string), identity)
  }
}

/// Where file systems begin in the tree of files.
final class MountTable: Sendable {
  private struct State {
    var points: [String] = []
    var start = ContinuousClock.now
  }

  private static let lifetime = Duration.seconds(1)
  private let folder = SystemFile.resolved(".") ?? "/"
  private let state = Mutex(State())

  init() { state.withLock { $0.points = Self.points } }

  private static var points: [String] {
    Mount.all().map(\.point).sorted { $0.utf8.count > $1.utf8.count }
  }

  /// Links in the path are not followed: that could hang.
  func mount(of path: FilePath) -> String {
    let path = folder.pushing(path).lexicallyNormalized().string.utf8
    return state.withLock { state in
      state.points.first { point in
        point == "/"
          || path.starts(with: point.utf8)
            && (path.count == point.utf8.count
              || path.dropFirst(point.utf8.count).first == UInt8(ascii: "/"))
      }
    } ?? "/"
  }

  /// Looks again, now and then.
  func refresh() {
    let isOld = state.withLock { state in
      let now = ContinuousClock.now
      guard now - state.start > Self.lifetime else { return false }
      state.start = now
      return true
    }
    guard isOld else { return }
    let points = Self.points
    state.withLock { $0.points = points }
  }
}

extension ReadWork {
  private static let pieceSize = 1 << 18
  /// Bytes of a file within which the thumbnail of a photograph ends, and the header of the photograph.
  private static let thumbnailReach = 1 << 18

  /// Reads the file, whole; for a thumbnail its start.
  ///
  /// - Parameter count: Is told its size before memory is taken for it.
  func run(
    on disk: Disk, _ failures: FailureMemory, limit: Int, into memory: FileMemory,
    count: (Int) -> Void
  ) -> Result<EncodedFile, AssetError> {
    do {
      return .success(try read(on: disk, failures, limit: limit, into: memory, count: count))
    } catch {
      return .failure(error)
    }
  }

  private func read(
    on disk: Disk, _ failures: FailureMemory, limit: Int, into memory: FileMemory,
    count: (Int) -> Void
  ) throws(AssetError) -> EncodedFile {
    try requireWanted()
    let file: EncodedFile
    do {
      switch request.source {
      case .path(let path): file = try disk.open(path)
      case .opened(let source): file = EncodedFile(source, nil)
      }
    } catch { throw self.error(error) }
    if !request.retriesFailure, let failure = failures.failure(of: key, file.identity) {
      throw failure
    }
    var size = file.source.size
    if request.decoding.content != .picture { size = min(size, Self.thumbnailReach) }
    guard size <= limit else {
      throw error(
        ImageDecodingError(
          request.name, .tooMuch("bytes of the file", found: size, limit: limit)))
    }
    count(size)
    let bytes = try memory.fill(size) { bytes throws(AssetError) in
      try fill(&bytes, from: file.source)
    }
    return EncodedFile(ImageSource(bytes, named: request.name), file.identity)
  }

  /// - Returns: How many bytes there were: fewer where the file was cut short meanwhile.
  private func fill(
    _ bytes: inout MutableSpan<UInt8>, from source: ImageSource
  ) throws(AssetError) -> Int {
    var end = 0
    while end < bytes.count {
      try requireWanted()
      let piece = end..<min(bytes.count, end + Self.pieceSize)
      var room = bytes._mutatingExtracting(piece)
      let read: Int
      do { read = try source.read(into: &room, at: end) } catch { throw self.error(error) }
      end += read
      if read < piece.count { break }
    }
    return end
  }

  private func requireWanted() throws(AssetError) {
    guard signal.isWanted.load(ordering: .relaxed) else {
      throw AssetError(request.name, .reading, .cancelled)
    }
  }

  private func error(_ error: ImageDecodingError) -> AssetError {
    AssetError(request.name, .reading, .file(error))
  }
}
