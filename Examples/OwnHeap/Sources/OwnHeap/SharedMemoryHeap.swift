import Glibc
import Synchronization
import TexAlloc

/// A source of memory that the library does not know: POSIX shared memory. Memory of an ioctl would come
/// from the same few lines.
struct SharedMemoryHeap: Heap {
  static let name = "shm"
  private static let last = Atomic(0)

  /// A heap lists its own name, and nobody else's; others ask for it by that.
  let attributes = BufferAttributes(name: Self.name, provides: ProvidedMemory()) {
    $0.heaps = [Self.name]
    $0.caching = [.cached]
  }

  func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    let size = try wholePages(size)
    return try Slab(
      mapping: Self.allocate(size), size: size, of: name, caching: .cached)
  }

  private static func allocate(_ size: Int) throws(SystemFailure) -> OwnedDescriptor {
    let number = last.add(1, ordering: .relaxed).newValue
    let object = "/ownheap-\(getpid())-\(number)"
    func check(_ call: String, _ result: CInt) throws(SystemFailure) -> CInt {
      guard result >= 0 else { throw SystemFailure(call, on: object, Errno(rawValue: errno)) }
      return result
    }
    let raw = try check("shm_open", unsafe shm_open(object, O_RDWR | O_CREAT | O_EXCL, 0o600))
    // Closed from here on, whatever happens.
    let memory = OwnedDescriptor(owning: FileDescriptor(rawValue: raw))
    unsafe shm_unlink(object)
    _ = try check("ftruncate", ftruncate(raw, off_t(size)))
    return memory
  }
}
