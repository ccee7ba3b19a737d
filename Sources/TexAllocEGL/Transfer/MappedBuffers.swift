internal import CEGL
internal import Glibc
package import TexAlloc

/// A device's own mapped buffers, and what was found out about them.
package struct MappedBuffers: Sendable {
  /// For images that the CPU writes.
  package let written: any Heap
  /// For those that it reads, too.
  package let read: any Heap
  package let timing: CopyTiming
  /// What a texture says of it; nil where the GPU copies by itself.
  let remark: String?

  /// Measures them, on the thread of a context that shares its buffers with the device's.
  ///
  /// - Parameter driver: Its name.
  /// - Throws: What the driver lacks.
  init(
    of driver: String, on context: OwnContext, until loss: ContextLoss
  ) throws(EGLFailure) {
    let name = HeapNames.shared.unique("gl-buffers:\(driver)")
    (written, read, timing) = try context.run { () throws(EGLFailure) in
      let storage = try BufferStorage()
      return (
        try MappedBufferHeap(name, storage, on: context, until: loss, isReadable: false),
        try MappedBufferHeap(
          name + ":read", storage, on: context, until: loss, isReadable: true),
        try CopyTiming(storage, on: context)
      )
    }
    remark = timing.isByDriver ? "\(timing)" : nil
  }
}

/// The CPU time of having pixels copied from a mapped buffer into a texture: the call and its flush.
///
/// Where the GPU copies by itself, the call for a large image is as short as that for a small one;
/// where the driver copies on the CPU, it is not.
package struct CopyTiming: Hashable, Sendable {
  /// Of 64 × 64 pixels of four bytes.
  package let small: Duration
  /// Of 1024 × 1024.
  package let large: Duration

  package init(small: Duration, large: Duration) {
    self.small = small
    self.large = large
  }

  /// Whether the driver copies on the CPU. What other threads do counts in both times, and makes no
  /// such difference between them.
  package var isByDriver: Bool { large > max(small, .microseconds(2)) * 4 }
}

extension CopyTiming: CustomStringConvertible {
  package var description: String {
    func microseconds(_ time: Duration) -> Int { Int(time / .microseconds(1)) }
    return "copied by the \(isByDriver ? "driver" : "GPU"): CPU time \(microseconds(small)) µs"
      + " for 64x64 pixels, \(microseconds(large)) for 1024x1024"
  }
}

extension CopyTiming {
  private static let (smallSide, largeSide, rounds) = (64, 1024, 7)

  /// In the context, current and with nothing bound.
  fileprivate init(_ storage: BufferStorage, on context: OwnContext) throws(EGLFailure) {
    let size = Self.largeSide * Self.largeSide * 4
    let buffer = try MappedBuffer(storage, size: size, isReadable: false, on: context)
    // Pages that were never written may not be there to be copied.
    unsafe buffer.bytes.initializeMemory(as: UInt8.self, repeating: 0)
    small = try Self.time(Self.smallSide, from: buffer)
    large = try Self.time(Self.largeSide, from: buffer)
  }

  /// The shortest time of copying a square image of the buffer.
  private static func time(_ side: Int, from buffer: MappedBuffer) throws(EGLFailure) -> Duration {
    guard let format = UploadFormat.planes(Fourcc.abgr8888.planes ?? [])?.first else {
      return .zero
    }
    let texture = try makeSampledTexture { () throws(EGLFailure) in
      drainGLErrors()
      format.defineStorage(width: side, height: side)
      try checkGL("glTexStorage2D")
    }
    defer { unsafe glDeleteTextures(1, [texture]) }
    let times = withTextureBound(texture) {
      (0...rounds).map { _ in
        let start = processTime()
        format.copy(from: buffer.name, at: 0, pitch: side * 4, width: side, rows: 0..<side)
        glFlush()
        let time = processTime() - start
        glFinish()
        return time
      }
    }
    try checkGL("glTexSubImage2D")
    return times.dropFirst().min() ?? .zero  // the first makes what the others find
  }

  /// The CPU time of all threads: a driver may copy on one of its own.
  private static func processTime() -> Duration {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
