internal import CVulkan
internal import Synchronization
public import TexAlloc

/// A GPU of Vulkan as a component: a device, its queue, and the memory of it that the CPU can map.
///
/// Everything is allowed on any thread. Images are sampled where the CPU writes them: in memory of the
/// device's own, or in others' where the driver imports it.
public final class VulkanDevice: Registrar {
  /// What it samples where it lies, or, where that is nothing, takes a copy of.
  public let attributes: BufferAttributes
  public let description: VulkanDeviceDescription
  /// What it knows of formats; ``attributes`` have those that it takes.
  public let formats: FormatTable
  /// The only route that textures may take; nil where they take the best that can be had.
  public let demandedRoute: Route?

  let connection: VulkanConnection
  let images: LinearImages
  let importer: MemoryImport
  let work: DeviceWork
  let ledger = MemoryLedger()
  let heaps: VulkanHeaps
  let imageMemory: ImageMemory
  /// Memory that it can be made to copy from.
  let copySources: SuitableMemory
  /// What it takes a copy of.
  let copying: BufferAttributes
  /// Why it samples nothing where it lies; nil where it samples something.
  let importObstacle: String?
  /// What it keeps with each slab.
  let slabs = SlabCompanion<SlabImages>()
  let state = Mutex(State())
  /// Those that may use the driver now, on whatever threads. They begin under the lock of the state.
  let calls = Atomic(0)
  let fetch = Mutex<TexelFetch?>(nil)
  /// What converts luma and chroma, made when first needed.
  let conversions = Mutex<[Conversion: SamplerConversion]>([:])

  /// What changes while the device lives.
  struct State: Sendable {
    var textures: [VulkanTextureKey: WeakVulkanTexture] = [:]
    /// Textures that are new and may still want their barriers.
    var fresh: [VulkanTextureKey] = []
    var retired: [RetiredTexture] = []
    /// What the queue still uses, though nobody else does.
    var doomed: [(things: any Sendable, until: VulkanFence)] = []
    var keptImages = KeptOwnImages()
    /// Those that it keeps something with.
    var slabs: [WeakSlab] = []
    var verdicts: [Route: PixelVerdicts<Bool>] = [:]
    /// Of images that are converted.
    var conversionVerdicts: [ConvertedBinding: PixelVerdicts<Bool>] = [:]
    var statistics = VulkanStatistics()
    var phase = Phase.open
  }

  enum Phase {
    case open
    /// Nothing new is made, and what there is may still keep it open.
    case closing
    case closed
  }

  /// Opens a device of the machine.
  ///
  /// - Parameters:
  ///   - choice: Which one.
  ///   - route: The only one that textures may take; the best that can be had where nil.
  ///   - formats: Those that it may take, if the driver does.
  ///   - onValidation: Is given what Khronos' validation layer says of the library's calls, on any thread;
  ///     the layer is loaded where it is installed.
  /// - Throws: `VulkanFailure`, unsupported where there is no loader, no such device, or where it lacks
  ///   Vulkan 1.2.
  public static func headless(
    _ choice: VulkanDeviceChoice = .automatic, route: Route? = nil, formats: FormatTable = .known,
    onValidation: (@Sendable (String) -> Void)? = nil
  ) throws(VulkanFailure) -> VulkanDevice {
    try headless(choice, by: nil, route: route, formats: formats, onValidation: onValidation)
  }

  /// - Parameters:
  ///   - loader: Where the functions come from; the machine's where nil.
  ///   - hidden: Extensions that are not enabled, though the device has them.
  package static func headless(
    _ choice: VulkanDeviceChoice = .automatic, by loader: VulkanLoader?,
    without hidden: Set<String> = [], route: Route? = nil, formats: FormatTable = .known,
    onValidation: (@Sendable (String) -> Void)? = nil
  ) throws(VulkanFailure) -> VulkanDevice {
    let devices = try VulkanInstance.own(by: loader, onValidation: onValidation).devices()
    let candidates = choice.candidates(among: devices.map(\.description))
    var failures: [VulkanFailure] = []
    for candidate in candidates {
      do throws(VulkanFailure) {
        let connection = try VulkanConnection(
          opening: devices[candidate.index], without: hidden)
        return try VulkanDevice(on: connection, route, formats)
      } catch {
        failures.append(error)
      }
    }
    if let first = failures.first { throw first }
    let names = devices.map { "\($0.description)" }.joined(separator: "; ")
    throw .unsupported(
      "VulkanDevice",
      devices.isEmpty ? "wanted \(choice), and there is none" : "none is \(choice), of: \(names)")
  }

  /// Takes a toolkit's device, which lives longer, or until ``close()`` has returned.
  ///
  /// - Throws: `VulkanFailure`, unsupported where it lacks Vulkan 1.2, or its physical device a feature that
  ///   it is said to have.
  public convenience init(
    over toolkit: VulkanToolkitDevice, route: Route? = nil, formats: FormatTable = .known
  ) throws(VulkanFailure) {
    let connection = try VulkanConnection(over: toolkit, by: .installed())
    try self.init(on: connection, route, formats)
  }

  /// Those of the machine, as the loader lists them.
  ///
  /// - Throws: `VulkanFailure`, unsupported where there is no loader.
  public static func present() throws(VulkanFailure) -> [VulkanDeviceDescription] {
    try VulkanInstance.own().devices().map(\.description)
  }

  private init(
    on connection: VulkanConnection, _ route: Route?, _ formats: FormatTable
  ) throws(VulkanFailure) {
    self.connection = connection
    self.formats = formats
    demandedRoute = route
    description = connection.description
    work = try DeviceWork(on: connection)
    importer = MemoryImport(connection: connection, ledger: ledger)
    copySources = CopySource.suitableMemory(on: connection)
    heaps = VulkanHeaps(of: connection, in: ledger)
    imageMemory = ImageMemory(on: connection, in: ledger)
    let planes = formats.formats.flatMap { PlaneFormat.all(of: formats[$0] ?? []) }
    images = LinearImages(of: Set(planes.map(\.format)), on: connection)
    copying = Self.copying(formats, heaps, connection)
    let importing = Self.importing(formats, images, heaps, importer)
    importObstacle = Self.obstacle(importing)
    attributes =
      importObstacle == nil && route ?? .imported == .imported ? importing : copying
  }

  deinit {
    if isClosed { return }
    // What the queue still uses is its own until it is done; of a device that is lost, nothing is.
    let fence = isLost ? nil : try? work.fence()
    if isLost { return }
    let left = state.withLock { state in
      defer { state = State() }
      return state
    }
    for texture in left.retired { texture.buffer.hold(until: fence ?? UnknownFence()) }
    if fence?.wait(until: .now + longestWait) != true {
      leaveToQueue((left, fetch.withLock { $0 }, conversions.withLock { $0 }, imageMemory, work))
    }
  }

  /// What whoever draws with a device that was opened ``headless(_:route:formats:onValidation:)`` draws with; a
  /// toolkit gets its own back. They live as long as the device, or what was made with it.
  public var handles: VulkanToolkitDevice {
    unsafe VulkanToolkitDevice(
      instance: connection.physical.instance.instance,
      physicalDevice: connection.physical.handle, device: connection.device,
      queue: connection.queue, queueFamily: connection.queueFamily,
      extensions: connection.extensions, convertsLumaAndChroma: connection.convertsLumaAndChroma,
      lock: connection.lock)
  }

  /// Textures made so far, by the way they took.
  public var statistics: VulkanStatistics {
    var statistics = state.withLock { $0.statistics }
    (statistics.liveAllocations, statistics.liveBytes) = ledger.live
    return statistics
  }
}

/// What a device has done, and holds.
public struct VulkanStatistics: Hashable, Sendable {
  private var imported = 0, transferred = 0
  /// Imports that took over the images of one before.
  public internal(set) var reusedImages = 0
  /// `VkDeviceMemory` objects that are alive, and their bytes.
  public internal(set) var liveAllocations = 0, liveBytes = 0

  /// Textures made that took this way.
  public func textures(_ route: Route) -> Int {
    switch route {
    case .imported: imported
    case .transferred: transferred
    case .uploaded: 0
    }
  }

  mutating func count(_ content: TextureContent) {
    switch content {
    case .imported: imported += 1
    case .transferred: transferred += 1
    }
  }
}
