internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocJPEG

/// The heaps of this machine that the GPU imports from, and the one that it copies from.
struct HeapPools {
  let heaps: [any Heap]
  /// The GPU where it is to copy from mapped buffers of its own; nil where it has none.
  let copier: (gpu: EGLDevice, timing: CopyTiming)?
  /// The GPU where it takes memory of Vulkan; nil where the two share none.
  let vulkanSharer: EGLDevice?
  let omissions: [Omission]
  private let gpu: EGLDevice

  /// Tries each heap.
  init(for gpu: EGLDevice) {
    self.gpu = gpu
    var heaps: [any Heap] = []
    var omissions: [Omission] = []
    for finding in Heaps.found() {
      do {
        let heap = try finding.heap.get()
        try Self.tryImporting(from: heap, gpu)
        heaps.append(heap)
      } catch {
        omissions.append(Omission(what: "heap \(finding.name)", reason: "\(error)"))
      }
    }
    do {
      let copier = try EGLDevice.current(route: .transferred)
      self.copier = (copier, try copier.mappedBuffers().timing)
    } catch {
      omissions.append(Omission(what: "mapped buffers", reason: "\(error)"))
      copier = nil
    }
    do {
      let sharer = try EGLDevice.current()
      try sharer.openMemoryOfVulkan()
      vulkanSharer = sharer
    } catch {
      omissions.append(Omission(what: "memory of Vulkan for OpenGL", reason: "\(error)"))
      vulkanSharer = nil
    }
    self.heaps = heaps
    self.omissions = omissions
  }

  /// A pool of its own on one heap.
  func pool(on heap: any Heap) throws -> TexturePool { try Self.pool(on: heap, gpu) }

  /// A pool on the heap that pools choose by themselves.
  func pool() throws -> TexturePool { try TexturePool(for: [gpu, JPEGDecoder.component]) }

  /// The same, without a page that is made ready ahead of its use.
  func coldPool() throws -> TexturePool {
    try TexturePool(for: [gpu, JPEGDecoder.component], limits: PoolLimits(prefault: 0))
  }

  /// - Throws: Where the GPU does not take an image of the heap's memory.
  private static func tryImporting(from heap: any Heap, _ gpu: EGLDevice) throws {
    let pool = try pool(on: heap, gpu)
    let image = ImageDescriptor(width: 32, height: 32, formats: [.abgr8888])
    let plan = try pool.plan(for: image)
    if let obstacle = plan.obstacle { throw ProgramFailure(obstacle) }
    _ = try gpu.register(pool.allocate(image))
    try gpu.collect()
  }

  private static func pool(on heap: any Heap, _ gpu: EGLDevice) throws -> TexturePool {
    try TexturePool(for: [gpu, JPEGDecoder.component], from: [heap])
  }
}

extension Heap {
  var isWriteCombining: Bool { attributes.caching?.first == .writeCombining }

  /// Its name, and how its memory is cached.
  var label: String {
    let caching = attributes.caching?.first ?? .cached
    return "\(name) (\(caching == .writeCombining ? "write-combining" : caching.rawValue))"
  }
}
