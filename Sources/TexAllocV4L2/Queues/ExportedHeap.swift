internal import Synchronization
internal import TexAlloc

/// The driver's own buffers as a heap, for as long as its queue lasts: each slab is one of them.
struct ExportedHeap: Heap {
  let attributes: BufferAttributes
  private let queue: BufferQueue
  private let places: QueuePlaces
  private let caching: Caching

  /// Exports one, and measures how its mapping is cached.
  init(
    of format: VideoFormat, _ device: String, _ queue: BufferQueue, _ places: QueuePlaces
  ) throws(SystemFailure) {
    self.queue = queue
    self.places = places
    let name = "exported:\(device)"
    let sample = try queue.export(0, to: name, .writeCombining)
    let size = sample.size
    // What is too small to be timed is taken for what everything is right with.
    let caching: Caching =
      size < MemoryTiming.size
      ? .writeCombining
      : unsafe CachingVerdict(measuring: sample.bytes(in: 0..<MemoryTiming.size)).stated
    self.caching = caching
    attributes = BufferAttributes(name: name) {
      $0.heaps = [name]
      $0.caching = [caching]
      $0.formats = [Format(format.fourcc)]
      ($0.minPitch, $0.maxPitch) = (format.pitch, format.pitch)
      $0.maxSize = size
    }
  }

  var isForeign: Bool { true }

  func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    func export(to place: Int) throws(SystemFailure) -> Slab {
      let slab = try queue.export(place, to: name, caching)
      guard size <= slab.size else { throw SystemFailure("VIDIOC_EXPBUF", on: name, .noMemory) }
      return slab
    }
    return try places.slab(export, of: name)
  }
}

/// Which place in the driver's queue a slab has, for as long as it lives: the driver keeps its mapping of the
/// memory that it last found at a place.
final class QueuePlaces: Sendable {
  private final class Place: Sendable {
    let number: Int
    private let places: QueuePlaces

    init(_ number: Int, of places: QueuePlaces) {
      self.number = number
      self.places = places
    }

    deinit { places.free.withLock { $0.append(number) } }
  }

  private let free = Mutex<[Int]>([])
  private let ofSlab = SlabCompanion<Place>()

  /// Says how many there are.
  func open(_ count: Int) { free.withLock { $0 = Array((0..<count).reversed()) } }

  /// A slab that has a free place.
  func slab(
    _ make: (_ place: Int) throws(SystemFailure) -> Slab, of heap: String
  ) throws(SystemFailure) -> Slab {
    guard let number = free.withLock({ $0.popLast() }) else {
      throw SystemFailure("VIDIOC_EXPBUF", on: heap, .noBufferSpace)
    }
    let place = Place(number, of: self)
    let slab = try make(number)
    _ = slab.companion(ofSlab) { place }
    return slab
  }

  /// The slab's place, taken for it where it has none; nil where none is free.
  func place(_ slab: Slab) -> Int? {
    if let place = slab.companion(ofSlab) { return place.number }
    guard let number = free.withLock({ $0.popLast() }) else { return nil }
    // Where another thread was faster, ours is free again.
    let place = Place(number, of: self)
    return slab.companion(ofSlab) { place }.number
  }
}
