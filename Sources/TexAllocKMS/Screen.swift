internal import CDRM
internal import SystemPackage
public import TexAlloc

/// Pictures for a display, of memory that suits all who make them: two or more buffers, of which one is shown
/// while the next is drawn.
public final class Screen: Sendable {
  public let display: Display
  /// What all who use the buffers agreed on.
  public let plan: MemoryPlan
  /// How many buffers there are at most.
  public let bufferCount: Int
  /// Why the pictures lie in buffers of the display's own, and not in ours; nil where they lie in ours.
  public let reason: String?
  private let pool: TexturePool
  private let image: ImageDescriptor
  private let flags: AllocationFlags

  init(
    of display: Display, for components: [any Component], _ flags: AllocationFlags,
    _ formats: [Fourcc], count: Int, from heaps: [any Heap]?
  ) throws(DisplayError) {
    self.display = display
    let flags = flags.union([.scanout, .dedicated])
    func image(in formats: [Fourcc]) -> ImageDescriptor {
      let pictures = BufferAttributes(name: "pictures on \(display.name)") {
        $0.formats = formats.map { Format($0) }
        $0.deviceUsage = [.scanout]
      }
      let size = display.mode.size
      return ImageDescriptor(
        width: size.width, height: size.height, writtenBy: pictures, alpha: .opaque)
    }
    func memory(
      _ image: ImageDescriptor, in pool: TexturePool
    ) throws(AllocationError) -> (TexturePool, ImageDescriptor, TextureBuffer) {
      (pool, image, try pool.allocate(image, for: flags, named: display.name))
    }
    let first: TextureBuffer
    do throws(AllocationError) {
      do throws(AllocationError) {
        let ours = try TexturePool(for: [display] + components, from: heaps)
        (pool, self.image, first) = try memory(image(in: formats), in: ours)
        reason = nil
      } catch {
        let known = display.attributes.formats ?? []
        guard let format = formats.first(where: { known.contains(Format($0)) }),
          let heap = try? ScanoutHeap(of: display, format)
        else { throw error }
        let own = try TexturePool(for: [], from: [heap])
        (pool, self.image, first) = try memory(image(in: [format]), in: own)
        reason = "\(error)"
      }
      plan = try pool.plan(for: self.image, flags)
    } catch {
      throw .memory(error)
    }
    self.flags = flags
    bufferCount = max(count, plan.attributes.buffers, 2)
    pool.limits.budget = bufferCount * first.slabSize
  }

  /// A buffer to draw into, waited for: for the flip that is under way, and for who still uses the others.
  ///
  /// - Returns: nil where none came free in time.
  /// - Throws: `DisplayError`: `gone`, and `memory` where there is none though no budget is in the way.
  public func next(
    until deadline: ContinuousClock.Instant = .now + .seconds(10)
  ) throws(DisplayError) -> TextureBuffer? {
    guard try display.wait(until: deadline) else { return nil }
    do {
      return try pool.allocate(image, for: flags, named: "picture", waiting: .until(deadline))
    } catch {
      if case .budget = error { return nil }
      throw .memory(error)
    }
  }

  /// Shows a buffer: see ``Display/show(_:after:)``.
  public func show(_ buffer: TextureBuffer, after fence: (any Fence)? = nil) throws(DisplayError) {
    let picture: DisplayBuffer
    do { picture = try display.register(buffer) } catch { throw .refused(error) }
    try display.show(picture, after: fence)
  }

  /// What the pool of the pictures holds now.
  public var statistics: PoolStatistics {
    pool.collect()
    return pool.statistics
  }
}

extension Display {
  /// Makes pictures for this display, in memory that suits all who draw them.
  ///
  /// The heaps of this machine are tried one after the other with the driver; where it takes no memory of
  /// theirs, buffers of its own serve, and ``Screen/reason`` says why.
  ///
  /// - Parameters:
  ///   - components: Who draws: the GPU.
  ///   - flags: What for, beside being shown.
  ///   - formats: Most wanted first; drivers list theirs in any order.
  ///   - buffers: How many there are at most; at least two, and what all keep at a time.
  ///   - heaps: That they may come from; the machine's, which are looked for then, where nil.
  public func start(
    for components: [any Component], _ flags: AllocationFlags = .renderTarget,
    formats: [Fourcc] = [.xrgb8888, .xbgr8888, .argb8888, .abgr8888, .rgb565], buffers: Int = 3,
    from heaps: [any Heap]? = nil
  ) throws(DisplayError) -> Screen {
    try Screen(of: self, for: components, flags, formats, count: buffers, from: heaps)
  }
}

/// The display's own buffers as a heap: each slab is one picture of the mode's size.
struct ScanoutHeap: Heap {
  let attributes: BufferAttributes
  private let card: Card
  private let size: ImageSize
  private let caching: Caching

  /// Makes one, and measures how its mapping is cached.
  ///
  /// - Parameter format: Of pixels of 32 bits.
  init(of display: Display, _ format: Fourcc) throws(SystemFailure) {
    (card, size) = (display.card, display.mode.size)
    let name = "scanout:\(display.name)"
    let (sample, pitch) = try Self.make(size, on: card, of: name, .writeCombining)
    let caching: Caching =
      sample.size < MemoryTiming.size
      ? .writeCombining
      : unsafe CachingVerdict(measuring: sample.bytes(in: 0..<MemoryTiming.size)).stated
    self.caching = caching
    let bytes = sample.size
    attributes = BufferAttributes(name: name) {
      $0.heaps = [name]
      $0.caching = [caching]
      $0.formats = [Format(format)]
      ($0.minPitch, $0.maxPitch) = (pitch, pitch)
      $0.maxSize = bytes
    }
  }

  var isForeign: Bool { true }

  func makeSlab(of bytes: Int) throws(SystemFailure) -> Slab {
    let (slab, _) = try Self.make(size, on: card, of: name, caching)
    guard bytes <= slab.size else {
      throw SystemFailure("DRM_IOCTL_MODE_CREATE_DUMB", on: name, .noMemory)
    }
    return slab
  }

  private static func make(
    _ size: ImageSize, on card: Card, of heap: String, _ caching: Caching
  ) throws(SystemFailure) -> (Slab, pitch: Int) {
    var request = drm_mode_create_dumb()
    (request.width, request.height) = (UInt32(clamping: size.width), UInt32(clamping: size.height))
    request.bpp = 32
    try card.call("MODE_CREATE_DUMB", texalloc_drm_create, &request)
    let raw = card.descriptor.rawValue
    defer { _ = texalloc_drm_destroy_dumb(raw, request.handle) }  // the dma-buf keeps the memory
    let memory = try systemCall("DRM_IOCTL_PRIME_HANDLE_TO_FD", on: card.path.string) {
      texalloc_drm_export(raw, request.handle)
    }
    let pages = (Int(request.size) + pageSize - 1) / pageSize
    let slab = try Slab(
      mapping: OwnedDescriptor(owning: FileDescriptor(rawValue: memory)), size: pages * pageSize,
      of: heap, caching: caching, givingPagesBack: false)
    return (slab, Int(request.pitch))
  }
}
