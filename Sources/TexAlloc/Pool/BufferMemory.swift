internal import SystemPackage

/// The memory behind a buffer. The buffer holds it, and lets go of it once.
protocol BufferMemory: Sendable {
  /// The heap that it came from; nil where that cannot be known.
  var heap: String? { get }
  /// How the CPU's mapping is cached; nil where that is not known.
  var caching: Caching? { get }
  /// Of the whole of it; nil where it has none.
  var descriptor: FileDescriptor? { get }
  /// Bytes.
  var size: Int { get }
  /// What the CPU can do with it; empty where it is not mapped.
  var cpuUsage: Set<CPUUsage> { get }
  /// Whether the descriptor holds nothing but this one buffer.
  var isExportable: Bool { get }

  /// The bytes of a range of mapped memory, which must not be used after it was let go of.
  @unsafe func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer

  /// Begins an access of the CPU that ends when the result goes; nil where the devices see what the
  /// CPU does by themselves.
  func beginAccess(for usage: Set<CPUUsage>) -> CPUAccess?

  /// Memory of the same kind for trying out an image that lies like one of this layout at this offset;
  /// nil where there is none to be had.
  func makeTrial(
    of layout: ImageLayout, at offset: Int
  ) throws(AllocationError) -> TextureBuffer?

  /// The buffer is gone; devices still use it until the fences have passed.
  func release(after fences: [any Fence])
}
