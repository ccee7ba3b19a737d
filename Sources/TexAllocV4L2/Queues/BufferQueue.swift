internal import CV4L2
internal import Glibc
internal import Synchronization
internal import TexAlloc

/// One of a device's queues of buffers, by either API of Video4Linux. What the driver holds of them ends with
/// it.
final class BufferQueue: Sendable {
  enum Memory: Sendable {
    /// Of the application's.
    case dmaBuf
    /// Of the driver's own, exported.
    case exported

    fileprivate var value: UInt32 {
      switch self {
      case .dmaBuf: V4L2_MEMORY_DMABUF.rawValue
      case .exported: V4L2_MEMORY_MMAP.rawValue
      }
    }
  }

  /// A buffer that the driver is done with.
  struct Done {
    let index: Int
    let sequence: Int
    /// Of a picture that was captured, by `CLOCK_MONOTONIC`; of one that was decoded, that of its bytes.
    let time: Duration
    /// That are in it; none where the driver had nothing for it.
    let bytes: Int
    /// Whether the driver says that what is in it may be wrong.
    let isDamaged: Bool
    /// Whether nothing comes after it: at the end, and before another size.
    let isLast: Bool
  }

  /// How many buffers it has places for; the driver may have made it more or fewer than asked for.
  let count: Int
  private let node: VideoNode
  private let kind: UInt32
  private let memory: Memory
  private let isClosed = Mutex(false)

  /// Makes the queue, for the format that the device has.
  init(
    of node: VideoNode, _ side: VideoNode.Side, count: Int, in memory: Memory
  ) throws(VideoError) {
    (self.node, self.memory, kind) = (node, memory, node.kind(of: side))
    do { self.count = try Self.request(count, kind, memory, of: node) } catch {
      throw VideoError(error)
    }
  }

  deinit { close() }

  /// Ends it, so that another can be made while somebody holds memory of it.
  func close() {
    let isOpen = isClosed.withLock { isClosed in
      defer { isClosed = true }
      return !isClosed
    }
    guard isOpen else { return }
    stop()
    // Of a device that is gone there is none.
    _ = try? Self.request(0, kind, memory, of: node)
  }

  private static func request(
    _ count: Int, _ kind: UInt32, _ memory: Memory, of node: VideoNode
  ) throws(SystemFailure) -> Int {
    var request = v4l2_requestbuffers()
    request.count = UInt32(clamping: count)
    request.type = kind
    request.memory = memory.value
    try node.call("VIDIOC_REQBUFS", texalloc_reqbufs, &request)
    return Int(request.count)
  }

  func start() throws(VideoError) {
    var kind = CInt(self.kind)
    do { try node.call("VIDIOC_STREAMON", texalloc_streamon, &kind) } catch {
      throw VideoError(error)
    }
  }

  /// Has the driver let go of every buffer, done or not.
  func stop() {
    var kind = CInt(self.kind)
    _ = try? node.call("VIDIOC_STREAMOFF", texalloc_streamoff, &kind)
  }

  /// Gives the driver a buffer to fill.
  func enqueue(_ buffer: TextureBuffer, at index: Int) throws(VideoError) {
    var entry = entry(at: index)
    if memory == .dmaBuf, let descriptor = buffer.descriptor {
      unsafe entry.plane.m.fd = descriptor.rawValue
      entry.plane.length = UInt32(clamping: buffer.slabSize)
    }
    do { try call("VIDIOC_QBUF", texalloc_qbuf, &entry) } catch { throw VideoError(error) }
  }

  /// Gives the driver so many bytes of a buffer of its own.
  func enqueue(_ bytes: Int, at index: Int, _ time: Duration) throws(VideoError) {
    var entry = entry(at: index)
    entry.plane.bytesused = UInt32(clamping: bytes)
    let (seconds, attoseconds) = time.components
    unsafe entry.buffer.timestamp = timeval(
      tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    do { try call("VIDIOC_QBUF", texalloc_qbuf, &entry) } catch { throw VideoError(error) }
  }

  /// A buffer that the driver is done with; nil where there is none yet, or none will be any more.
  func dequeue() throws(VideoError) -> Done? {
    var entry = entry(at: 0)
    do { try call("VIDIOC_DQBUF", texalloc_dqbuf, &entry) } catch {
      if error.errno == .wouldBlock || error.errno == .brokenPipe { return nil }
      throw VideoError(error)
    }
    let buffer = unsafe entry.buffer
    return unsafe Done(
      index: Int(buffer.index), sequence: Int(buffer.sequence),
      time: .seconds(buffer.timestamp.tv_sec) + .microseconds(buffer.timestamp.tv_usec),
      bytes: Int(entry.plane.bytesused),
      isDamaged: buffer.flags & UInt32(V4L2_BUF_FLAG_ERROR) != 0,
      isLast: buffer.flags & UInt32(V4L2_BUF_FLAG_LAST) != 0)
  }

  /// A buffer of the driver's own, as memory of a heap.
  func export(
    _ index: Int, to heap: String, _ caching: Caching
  ) throws(SystemFailure) -> Slab {
    var entry = entry(at: index)
    try call("VIDIOC_QUERYBUF", texalloc_querybuf, &entry)
    var export = v4l2_exportbuffer()
    export.type = kind
    export.index = UInt32(index)
    export.flags = UInt32(O_RDWR | O_CLOEXEC)
    try node.call("VIDIOC_EXPBUF", texalloc_expbuf, &export)
    // The driver has whole pages, and counts bytes.
    let pages = (Int(entry.plane.length) + pageSize - 1) / pageSize
    return try Slab(
      mapping: OwnedDescriptor(owning: FileDescriptor(rawValue: export.fd)),
      size: pages * pageSize, of: heap, caching: caching, givingPagesBack: false)
  }

  /// A buffer as the calls have it, whose only plane stands beside it in the multi-planar API.
  @safe private struct Entry {
    var buffer = unsafe v4l2_buffer()
    var plane = v4l2_plane()
  }

  private func entry(at index: Int) -> Entry {
    var entry = Entry()
    unsafe entry.buffer.index = UInt32(index)
    unsafe entry.buffer.type = kind
    unsafe entry.buffer.memory = memory.value
    return entry
  }

  private func call(
    _ name: String, _ request: UInt, _ entry: inout Entry
  ) throws(SystemFailure) {
    guard node.isMultiplanar else {
      unsafe entry.buffer.bytesused = entry.plane.bytesused
      unsafe entry.buffer.length = entry.plane.length
      unsafe entry.buffer.m.fd = entry.plane.m.fd
      unsafe try node.call(name, request, &entry.buffer)
      unsafe entry.plane.bytesused = entry.buffer.bytesused
      unsafe entry.plane.length = entry.buffer.length
      return
    }
    var (buffer, plane) = unsafe (entry.buffer, entry.plane)
    // The kernel follows the pointer during the call only.
    unsafe try withUnsafeMutablePointer(to: &plane) { pointer throws(SystemFailure) in
      unsafe buffer.m.planes = pointer
      unsafe buffer.length = 1
      unsafe try node.call(name, request, &buffer)
    }
    unsafe (entry.buffer, entry.plane) = (buffer, plane)
  }
}
