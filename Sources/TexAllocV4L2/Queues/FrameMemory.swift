internal import TexAlloc

/// The memory of a device's frames: a pool that has as many as the driver's queue has places.
struct FrameMemory: Sendable {
  let queue: BufferQueue
  let kind: FrameKind
  /// What all who use the frames agreed on.
  let plan: MemoryPlan
  private let pool: TexturePool
  private let image: ImageDescriptor
  private let flags: AllocationFlags
  private let places: QueuePlaces

  /// Memory of the machine's heaps.
  ///
  /// - Parameters:
  ///   - components: All who use the frames.
  ///   - flags: What for.
  init(
    of kind: FrameKind, for components: [any Component], _ flags: AllocationFlags, count: Int
  ) throws(VideoError) {
    let pool: TexturePool
    let all = [kind] + components
    do { pool = try TexturePool(for: all, from: Heaps.sorted(kind.heaps, for: all)) } catch {
      throw .memory(error)
    }
    let flags = flags.union(kind.usage).union(.dedicated)
    try self.init(pool, of: kind, kind.formats.map(\.fourcc), flags, QueuePlaces()) {
      layout throws(VideoError) in
      _ = try kind.take(layout.format.fourcc, layout.planes[0].pitch)
      return try BufferQueue(of: kind.node, .capture, count: count, in: .dmaBuf)
    }
    places.open(queue.count)
  }

  /// Memory of the driver's own, which those who use the frames take as they take the application's: in the
  /// first format that they know, or else in the first of all.
  init(
    exporting count: Int, of kind: FrameKind, for components: [any Component] = [],
    _ flags: AllocationFlags
  ) throws(VideoError) {
    let fourccs = kind.formats.map(\.fourcc)
    let users = components.map(\.attributes)
    let wanted = fourccs.first { fourcc in
      let one = BufferAttributes(name: kind.name) { $0.formats = [Format(fourcc)] }
      return (try? AttributeMerge([one] + users).attributes()) != nil
    }
    let format = try kind.take(wanted ?? fourccs[0], nil)
    let queue = try BufferQueue(of: kind.node, .capture, count: count, in: .exported)
    let places = QueuePlaces()
    places.open(queue.count)
    let heap: ExportedHeap
    do { heap = try ExportedHeap(of: format, kind.name, queue, places) } catch {
      throw .failed(error)
    }
    let pool: TexturePool
    do { pool = try TexturePool(for: [], from: [heap]) } catch { throw .memory(error) }
    let flags = flags.intersection([.cpuRead, .zeroed]).union(kind.usage).union(.dedicated)
    try self.init(pool, of: kind, [format.fourcc], flags, places) { _ in queue }
  }

  private init(
    _ pool: TexturePool, of kind: FrameKind, _ formats: [Fourcc], _ flags: AllocationFlags,
    _ places: QueuePlaces, queue: (ImageLayout) throws(VideoError) -> BufferQueue
  ) throws(VideoError) {
    (self.kind, self.pool, self.flags, self.places) = (kind, pool, flags, places)
    let first: TextureBuffer
    do throws(AllocationError) {
      // Those who use the frames decide among the formats, and then their colours are known.
      let any = kind.image(in: formats)
      let format = try pool.allocate(any, for: flags, named: kind.name).layout.format.fourcc
      image = kind.image(in: [format])
      plan = try pool.plan(for: image, flags)
      first = try pool.allocate(image, for: flags, named: kind.name)
    } catch {
      throw .memory(error)
    }
    do { _ = try kind.register(first) } catch { throw .refused(error) }
    self.queue = try queue(first.layout)
    let wanted = max(plan.attributes.buffers, kind.attributes.minBuffers ?? 1)
    guard wanted <= self.queue.count, self.queue.count <= plan.attributes.maxBuffers ?? .max else {
      throw .bufferCount(device: kind.node.path.string, wanted: wanted, held: self.queue.count)
    }
    pool.limits.budget = self.queue.count * first.slabSize
  }

  /// Memory for one more frame; nil while all of it is in use.
  func allocate() throws(VideoError) -> TextureBuffer? {
    do { return try pool.allocate(image, for: flags, named: "frame") } catch {
      if case .budget = error { return nil }
      throw .memory(error)
    }
  }

  /// The place in the driver's queue that the memory of a frame has.
  func place(of buffer: TextureBuffer) -> Int? { buffer.slab.flatMap(places.place) }
}
