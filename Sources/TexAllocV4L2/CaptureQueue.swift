internal import CV4L2
internal import Glibc
internal import TexAlloc

/// The driver's queue of buffers to be filled. What it holds of them ends with it.
final class CaptureQueue: Sendable {
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

  /// A picture that was captured.
  struct Filled {
    let index: Int
    let sequence: Int
    /// Of `CLOCK_MONOTONIC`.
    let time: Duration
    /// Whether the driver says that it may be torn.
    let isDamaged: Bool
  }

  /// How many buffers it has places for; the driver may have made it more or fewer than asked for.
  let count: Int
  let format: VideoFormat
  private let node: VideoNode
  private let memory: Memory

  private static let kind = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue

  /// Has the device take the format from now on, and makes the queue.
  ///
  /// - Parameter layout: Of every image; nil for the first format with the least pitch.
  init(
    of camera: Camera, for layout: ImageLayout?, count: Int, in memory: Memory
  ) throws(CameraError) {
    node = camera.device
    self.memory = memory
    do throws(SystemFailure) {
      let fourcc = layout?.format.fourcc ?? camera.formats[0]
      let pitch = layout?.planes[0].pitch ?? camera.leastPitch
      guard
        let format = try VideoFormat.negotiate(
          fourcc, camera.size, pitch: pitch, sets: true, with: node),
        format.fourcc == fourcc, format.size == camera.size, format.pitch == pitch
      else { throw SystemFailure("VIDIOC_S_FMT", on: node.path.string, .invalidArgument) }
      self.format = format
      var request = v4l2_requestbuffers()
      request.count = UInt32(clamping: count)
      request.type = Self.kind
      request.memory = memory.value
      try node.call("VIDIOC_REQBUFS", texalloc_reqbufs, &request)
      self.count = Int(request.count)
    } catch {
      throw CameraError(error)
    }
  }

  deinit {
    stop()
    var request = v4l2_requestbuffers()
    request.type = Self.kind
    request.memory = memory.value
    // Of a device that is gone there is none.
    _ = try? node.call("VIDIOC_REQBUFS", texalloc_reqbufs, &request)
  }

  func start() throws(CameraError) {
    var kind = CInt(Self.kind)
    do { try node.call("VIDIOC_STREAMON", texalloc_streamon, &kind) } catch {
      throw CameraError(error)
    }
  }

  /// Has the driver let go of every buffer, filled or not.
  func stop() {
    var kind = CInt(Self.kind)
    _ = try? node.call("VIDIOC_STREAMOFF", texalloc_streamoff, &kind)
  }

  /// Gives the driver a buffer to fill.
  func enqueue(_ buffer: TextureBuffer, at index: Int) throws(CameraError) {
    var entry = unsafe v4l2_buffer()
    unsafe entry.index = UInt32(index)
    unsafe entry.type = Self.kind
    unsafe entry.memory = memory.value
    if memory == .dmaBuf, let descriptor = buffer.descriptor {
      unsafe entry.m.fd = descriptor.rawValue
      unsafe entry.length = UInt32(clamping: buffer.slabSize)
    }
    do { unsafe try node.call("VIDIOC_QBUF", texalloc_qbuf, &entry) } catch {
      throw CameraError(error)
    }
  }

  /// A buffer that was filled; nil where none is yet.
  func dequeue() throws(CameraError) -> Filled? {
    var entry = unsafe v4l2_buffer()
    unsafe entry.type = Self.kind
    unsafe entry.memory = memory.value
    do { unsafe try node.call("VIDIOC_DQBUF", texalloc_dqbuf, &entry) } catch {
      if error.errno == .wouldBlock { return nil }
      throw CameraError(error)
    }
    return unsafe Filled(
      index: Int(entry.index), sequence: Int(entry.sequence),
      time: .seconds(entry.timestamp.tv_sec) + .microseconds(entry.timestamp.tv_usec),
      isDamaged: entry.flags & UInt32(V4L2_BUF_FLAG_ERROR) != 0)
  }

  /// A buffer of the driver's own, as memory of a heap.
  func export(
    _ index: Int, to heap: String, _ caching: Caching
  ) throws(SystemFailure) -> Slab {
    var entry = unsafe v4l2_buffer()
    unsafe entry.index = UInt32(index)
    unsafe entry.type = Self.kind
    unsafe entry.memory = memory.value
    unsafe try node.call("VIDIOC_QUERYBUF", texalloc_querybuf, &entry)
    var export = v4l2_exportbuffer()
    export.type = Self.kind
    export.index = UInt32(index)
    export.flags = UInt32(O_RDWR | O_CLOEXEC)
    try node.call("VIDIOC_EXPBUF", texalloc_expbuf, &export)
    // The driver has whole pages, and counts bytes.
    let pages = unsafe (Int(entry.length) + pageSize - 1) / pageSize
    return try Slab(
      mapping: OwnedDescriptor(owning: FileDescriptor(rawValue: export.fd)),
      size: pages * pageSize, of: heap, caching: caching, givingPagesBack: false)
  }
}
