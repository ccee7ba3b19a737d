internal import Synchronization
internal import TexAlloc

/// The memory of a camera's frames: a pool that has as many as the driver's queue has places.
struct FrameMemory: Sendable {
  let queue: CaptureQueue
  /// What all who use the frames agreed on.
  let plan: MemoryPlan
  private let pool: TexturePool
  private let image: ImageDescriptor
  private let flags: AllocationFlags
  private let places: QueuePlaces

  /// Memory of the machine's heaps.
  ///
  /// - Parameters:
  ///   - components: The camera, and all who use the frames.
  ///   - flags: What for.
  init(
    for components: [any Component], _ flags: AllocationFlags, count: Int, of camera: Camera
  ) throws(CameraError) {
    let pool: TexturePool
    do { pool = try TexturePool(for: components) } catch { throw .memory(error) }
    try self.init(
      pool, camera.formats, flags.union([.capture, .dedicated]), QueuePlaces(), of: camera
    ) { layout throws(CameraError) in
      try CaptureQueue(of: camera, for: layout, count: count, in: .dmaBuf)
    }
    places.open(queue.count)
  }

  /// Memory of the driver's own, in the first format: those who use the frames take it as they take the
  /// application's.
  init(
    exporting count: Int, _ flags: AllocationFlags, of camera: Camera
  ) throws(CameraError) {
    let queue = try CaptureQueue(of: camera, for: nil, count: count, in: .exported)
    let places = QueuePlaces()
    places.open(queue.count)
    let heap: ExportedHeap
    do { heap = try ExportedHeap(of: camera, queue, places) } catch { throw .failed(error) }
    let pool: TexturePool
    do { pool = try TexturePool(for: [], from: [heap]) } catch { throw .memory(error) }
    let flags = flags.intersection([.cpuRead, .zeroed]).union([.capture, .dedicated])
    try self.init(pool, [queue.format.fourcc], flags, places, of: camera) { _ in queue }
  }

  private init(
    _ pool: TexturePool, _ formats: [Fourcc], _ flags: AllocationFlags, _ places: QueuePlaces,
    of camera: Camera, queue: (ImageLayout) throws(CameraError) -> CaptureQueue
  ) throws(CameraError) {
    (self.pool, self.flags, self.places) = (pool, flags, places)
    let first: TextureBuffer
    do throws(AllocationError) {
      // Those who use the frames decide among the formats, and then their colours are known.
      let any = camera.image(in: formats)
      let format = try pool.allocate(any, for: flags, named: camera.name).layout.format.fourcc
      image = camera.image(in: [format])
      plan = try pool.plan(for: image, flags)
      first = try pool.allocate(image, for: flags, named: camera.name)
    } catch {
      throw .memory(error)
    }
    do { _ = try camera.register(first) } catch { throw .refused(error) }
    self.queue = try queue(first.layout)
    let wanted = max(plan.attributes.buffers, camera.attributes.minBuffers ?? 1)
    guard wanted <= self.queue.count, self.queue.count <= plan.attributes.maxBuffers ?? .max else {
      throw .bufferCount(device: camera.node.string, wanted: wanted, held: self.queue.count)
    }
    pool.limits.budget = self.queue.count * first.slabSize
  }

  /// Memory for one more frame; nil while all of it is in use.
  func allocate() throws(CameraError) -> TextureBuffer? {
    do { return try pool.allocate(image, for: flags, named: "frame") } catch {
      if case .budget = error { return nil }
      throw .memory(error)
    }
  }

  /// The place in the driver's queue that the memory of a frame has.
  func place(of buffer: TextureBuffer) -> Int? { buffer.slab.flatMap(places.place) }
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

/// The driver's own buffers as a heap, for as long as its queue lasts: each slab is one of them.
struct ExportedHeap: Heap {
  let attributes: BufferAttributes
  private let queue: CaptureQueue
  private let places: QueuePlaces
  private let caching: Caching

  /// Exports one, and measures how its mapping is cached.
  init(of camera: Camera, _ queue: CaptureQueue, _ places: QueuePlaces) throws(SystemFailure) {
    self.queue = queue
    self.places = places
    places.open(queue.count)
    let name = "exported:\(camera.name)"
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
      $0.formats = [Format(queue.format.fourcc)]
      ($0.minPitch, $0.maxPitch) = (queue.format.pitch, queue.format.pitch)
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
