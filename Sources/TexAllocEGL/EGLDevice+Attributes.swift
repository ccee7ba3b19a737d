internal import CEGL
internal import Synchronization
public import TexAlloc

extension EGLDevice {
  /// The attributes of its profiles. A copy of the pixels has no quirks.
  public var quirks: [BufferAttributes] {
    importing == nil ? [] : profiles.map(\.attributes)
  }

  /// What it takes on a route. Whether the GPU copies from the driver's mapped buffers by itself is found
  /// out when that route is first asked for.
  public func offer(
    on route: Route, for usage: Set<DeviceUsage>
  ) throws(RouteRefused) -> RouteOffer {
    if let demandedRoute, demandedRoute != route {
      throw RouteRefused(because: "\(demandedRoute) was demanded")
    }
    if usage.contains(.finish), route != .transferred {
      throw RouteRefused(because: "shaders read coefficients in the device's mapped buffers alone")
    }
    switch route {
    case .imported:
      if let offer = openedOffer() { return offer }
      guard var attributes = importing else {
        throw RouteRefused(because: importObstacle ?? "it imports nothing")
      }
      attributes.deviceUsage?.removeAll { $0 == .mipmap }  // the image has one size
      if usage.contains(.render) {
        attributes.formats?.removeAll {
          importer?.forms(of: $0, formats[$0.fourcc] ?? []) != [.image]
        }
      }
      return RouteOffer(attributes, quirks: quirks)
    case .transferred:
      if isLost { throw RouteRefused(because: "its memory is lost with its context") }
      let buffers: MappedBuffers
      do { buffers = try mappedBuffers() } catch { throw RouteRefused(because: "\(error)") }
      if buffers.timing.isByDriver && demandedRoute == nil && !usage.contains(.finish) {
        throw RouteRefused(because: "\(buffers.timing)")
      }
      // Shaders read coefficients in the device's own.
      let others = usage.contains(.finish) ? [] : openedHeaps(asTextures: false)
      let heaps = others + [buffers.written, buffers.read]
      var attributes = copying(for: usage)
      attributes.heaps = heaps.map(\.name)
      return RouteOffer(attributes, heaps: heaps)
    case .uploaded:
      var attributes = copying(for: usage)
      attributes.cpuUsage = usage.contains(.render) ? [.sequentialWrite] : []
      if usage.contains(.sample) {
        attributes.caching = [.cached]
        attributes.cpuUsage?.append(.read)
      }
      return RouteOffer(attributes)
    }
  }

  /// What it copies from, for sampling, or into, for rendering.
  private func copying(for usage: Set<DeviceUsage>) -> BufferAttributes {
    var attributes = copying
    if usage.contains(.render) {
      attributes.formats?.removeAll { RenderFormat(formats[$0.fourcc] ?? []) == nil }
    }
    return attributes
  }

  /// A software device is the CPU, and on x86 every device snoops the CPU's caches. Elsewhere nobody
  /// tells.
  public var isCoherent: Bool {
    #if arch(x86_64) || arch(i386)
      true
    #else
      connection.isSoftware
    #endif
  }

  /// What it does with images at all; making pixels of coefficients takes shaders that compute.
  private static var usage: [DeviceUsage] {
    let version = GLVersion(glString(GL_VERSION))
    let computes = version.map {
      $0 >= ($0.api == .openGLES ? GLVersion(.openGLES, 3, 1) : GLVersion(.openGL, 4, 3))
    }
    return (computes == true ? [.finish] : []) + [.mipmap, .sample, .render]
  }

  /// What the device imports, asked of the display and of the context that is current.
  static func importing(
    _ formats: FormatTable, by importer: DMABufImport, on connection: EGLConnection
  ) -> BufferAttributes {
    attributes {
      $0.deviceUsage = usage
      $0.formats = formats.ranked.filter {
        !importer.forms(of: Format($0), formats[$0] ?? []).isEmpty
      }.map { Format($0) }
      $0.heaps = heaps(near: connection).map(\.name)
    }
  }

  /// The heaps that it may import from: those of its own node first, those of other cards last.
  private static func heaps(near connection: EGLConnection) -> [any Heap] {
    let heaps = Heaps.present().filter { connection.isSoftware || $0.name != MemfdHeap.name }
    guard !connection.nodes.isEmpty else { return heaps }
    func isOwn(_ heap: any Heap) -> Bool? {
      let node = (heap as? GBMHeap)?.node ?? (heap as? DumbBufferHeap)?.node
      return node.map { connection.nodes.contains($0.string) }
    }
    return [true, nil, false].flatMap { own in heaps.filter { isOwn($0) == own } }
  }

  /// What the device takes a copy of, asked of the context that is current.
  static func copying(_ formats: FormatTable) -> BufferAttributes {
    attributes {
      $0.deviceUsage = usage
      $0.formats = formats.ranked.filter { UploadFormat.planes(formats[$0] ?? []) != nil }
        .map { Format($0) }
    }
  }

  private static func attributes(_ set: (inout BufferConstraints) -> Void) -> BufferAttributes {
    BufferAttributes(name: "gpu") {
      let size = Int(glInteger(GL_MAX_TEXTURE_SIZE))
      $0.maxWidth = size
      $0.maxHeight = size
      set(&$0)
    }
  }

  /// Why what is imported is nothing; nil where it is something.
  static func obstacle(_ importing: BufferAttributes) -> String? {
    if importing.formats?.isEmpty == true {
      return "the display imports no linear format for GL_TEXTURE_2D, at best as external textures"
    }
    return importing.heaps?.isEmpty == true ? "there is no heap here that it may import from" : nil
  }
}
