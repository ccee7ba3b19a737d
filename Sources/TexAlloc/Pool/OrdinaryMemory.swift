internal import Glibc
internal import SystemPackage

/// Memory of the process that no device sees: for images without ``AllocationFlags/texture``.
@safe final class OrdinaryMemory: BufferMemory, @unchecked Sendable {  // the address never changes
  private static let name = "memory"

  /// Lines are what writers write; a page is where a large block begins anyway.
  static let attributes = BufferAttributes(name: name) {
    $0.heaps = [name]
    $0.caching = [.cached]
    $0.offsetAlignment = PlaneWriter.lineSize
  }

  let size: Int
  private let base: UnsafeMutableRawPointer

  /// Bytes that begin on a page.
  init(size: Int) throws(AllocationError) {
    var address: UnsafeMutableRawPointer?
    let failure = unsafe posix_memalign(&address, pageSize, size)
    guard failure == 0, let address = unsafe address else {
      throw .heap(SystemFailure("posix_memalign", on: Self.name, Errno(rawValue: failure)))
    }
    unsafe base = address
    self.size = size
  }

  deinit { unsafe free(base) }

  var heap: String? { Self.name }
  var caching: Caching? { .cached }
  var descriptor: FileDescriptor? { nil }
  var cpuUsage: Set<CPUUsage> { [.read, .sequentialWrite] }
  var isExportable: Bool { false }

  @unsafe func bytes(in range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    precondition(0 <= range.lowerBound && range.upperBound <= size)
    return unsafe UnsafeMutableRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  func beginAccess(for usage: Set<CPUUsage>) -> CPUAccess? { nil }
  func makeTrial(of layout: ImageLayout, at offset: Int) -> TextureBuffer? { nil }
  func release(after fences: [any Fence]) {}
}
