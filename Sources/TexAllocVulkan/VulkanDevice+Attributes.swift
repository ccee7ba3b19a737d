internal import CVulkan
public import TexAlloc

extension VulkanDevice {
  /// The memory of the device that the CPU can map, the best first, each measured when first asked for;
  /// none once it is closed.
  public var memoryHeaps: [VulkanHeap] { heaps.all }

  /// The same memory for pools whose slabs other APIs of the GPU open, a device of OpenGL for one; none where
  /// the driver gives it to nobody. To be taken by those pools alone: a driver may be slower to allocate it.
  public var sharedHeaps: [VulkanHeap] { heaps.shared }

  /// Whether it samples memory of the process where it lies, and dma-bufs.
  public var importsHostMemory: Bool { importer.takesHostMemory }
  public var importsDMABufs: Bool { importer.takesDMABufs }

  /// Whether rows may be as far apart as the others want; else the driver says how far.
  public var takesAnyPitch: Bool { images.isPitchFree }

  /// What images are like that ``VulkanTexture/converted()`` takes as one, for the pool of such images, beside the
  /// device itself: a driver may want planes to begin, and the last to end, at multiples of 64 KiB for that, which
  /// other images are spared. Images of one plane may come from such a pool, too. Nothing once it is closed.
  public var conversion: any Component {
    guard (try? enter("conversion")) != nil else { return ConvertedImages([]) }
    defer { leave() }
    return ConvertedImages(
      formats.ranked.compactMap { ConvertedImage.alignments(of: formats[$0] ?? [], on: connection) }
    )
  }

  private struct ConvertedImages: Component {
    let attributes: BufferAttributes

    init(_ alignments: [(offset: Int, size: Int)]) {
      attributes = BufferAttributes(name: "gpu conversion") {
        $0.offsetAlignment = alignments.map(\.offset).max()
        $0.sizeAlignment = alignments.map(\.size).max()
      }
    }
  }

  /// What it takes on a route: by preference in memory of its own, on the best one also in the pool's.
  public func offer(
    on route: Route, for usage: Set<DeviceUsage>
  ) throws(RouteRefused) -> RouteOffer {
    if let demandedRoute, demandedRoute != route {
      throw RouteRefused(because: "\(demandedRoute) was demanded")
    }
    do throws(VulkanFailure) { try enter("offer") } catch {
      throw RouteRefused(
        because: error.cause == .lost ? "the device is lost" : "the device was closed")
    }
    defer { leave() }
    switch route {
    case .imported:
      if let importObstacle { throw RouteRefused(because: importObstacle) }
      var attributes = attributes
      attributes.deviceUsage?.removeAll { $0 == .mipmap }  // the image has one size
      return RouteOffer(attributes, heaps: heaps.preferred)
    case .transferred:
      var attributes = copying
      if usage.contains(.mipmap) {
        attributes.formats?.removeAll { format in
          let planes = PlaneFormat.planes(formats[format.fourcc] ?? []) ?? []
          return !planes.allSatisfy { connection.copies(into: $0, mipmapped: true) }
        }
      }
      return RouteOffer(attributes, heaps: heaps.preferred)
    case .uploaded:
      throw RouteRefused(because: "its GPU copies by itself")
    }
  }

  /// A software device is the CPU, and on x86 every device snoops the CPU's caches. Elsewhere nobody
  /// tells.
  public var isCoherent: Bool {
    #if arch(x86_64) || arch(i386)
      true
    #else
      description.kind == .cpu
    #endif
  }

  /// What the device samples where it lies.
  static func importing(
    _ formats: FormatTable, _ images: LinearImages, _ heaps: VulkanHeaps, _ importer: MemoryImport
  ) -> BufferAttributes {
    let description = importer.connection.description
    // Where the driver chooses the pitch, all formats have to follow one rule to be of one component.
    var pitchAlignment: Int?
    var rules: [LinearRule] = []
    let taken = formats.ranked.filter { fourcc in
      let planes = (PlaneFormat.planes(formats[fourcc] ?? []) ?? []).map(images.rule)
      let known = planes.compactMap(\.self)
      guard !planes.isEmpty, known.count == planes.count else { return false }
      if images.isPitchFree {
        pitchAlignment = max(pitchAlignment ?? 1, known.compactMap(\.pitchAlignment).max() ?? 1)
      } else {
        guard known.allSatisfy({ $0.pitchAlignment != nil }) else { return false }
        let wanted = pitchAlignment ?? known[0].pitchAlignment
        guard known.allSatisfy({ $0.pitchAlignment == wanted }) else { return false }
        pitchAlignment = wanted
      }
      rules += known
      return true
    }
    return BufferAttributes(name: "gpu") {
      $0.formats = taken.map { Format($0) }
      let isShared = rules.allSatisfy {
        $0.memory.handleTypes & DeviceMemory.exportedType != 0
      }
      $0.heaps =
        heaps.names + (isShared ? heaps.sharedNames : []) + Self.foreignHeaps(for: importer)
      $0.deviceUsage = [.mipmap, .sample]
      // Linear ones may be smaller than others.
      let (limit, largest) = (description.maxImageSize, rules.map(\.largest))
      $0.maxWidth = min(limit, largest.map(\.width).min() ?? limit)
      $0.maxHeight = min(limit, largest.map(\.height).min() ?? limit)
      $0.pitchAlignment = pitchAlignment
      $0.offsetAlignment = rules.map(\.offsetAlignment).max()
      $0.heightAlignment = rules.map(\.heightAlignment).max()
      $0.sizeAlignment = rules.map(\.sizeAlignment).max()
    }
  }

  /// Why what it samples where it lies is nothing; nil where it is something.
  static func obstacle(_ importing: BufferAttributes) -> String? {
    if importing.formats?.isEmpty == true {
      return "the driver samples no linear images of formats that are known here"
    }
    return importing.heaps?.isEmpty == true
      ? "the CPU maps none of its memory, and it imports none" : nil
  }

  /// What the device takes a copy of, from its own memory.
  static func copying(
    _ formats: FormatTable, _ heaps: VulkanHeaps, _ connection: VulkanConnection
  ) -> BufferAttributes {
    let taken = formats.ranked.filter { fourcc in
      let planes = PlaneFormat.planes(formats[fourcc] ?? []) ?? []
      return !planes.isEmpty && planes.allSatisfy { connection.copies(into: $0, mipmapped: false) }
    }
    return BufferAttributes(name: "gpu") {
      $0.formats = taken.map { Format($0) }
      $0.heaps = heaps.names + heaps.sharedNames
      $0.deviceUsage = [.mipmap, .sample]
      let limit = connection.description.maxImageSize
      ($0.maxWidth, $0.maxHeight) = (limit, limit)
      // Texels of eight bytes at most.
      ($0.pitchAlignment, $0.offsetAlignment) = (8, 8)
    }
  }

  /// Those of the machine whose memory it may import: dma-bufs, and what is mapped into the process.
  private static func foreignHeaps(for importer: MemoryImport) -> [String] {
    Heaps.present().map(\.name).filter {
      $0 == MemfdHeap.name ? importer.takesHostMemory : importer.takesDMABufs
    }
  }
}
