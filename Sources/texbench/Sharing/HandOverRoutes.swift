internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL

/// The ways of an image of 1920x1080 that is decoded to a texture of another process.
struct HandOverRoutes {
  static let layout = ImageLayout(
    width: 1920, height: 1080, format: Format(.abgr8888),
    planes: [.init(offset: 0, pitch: 7680, rows: 1080)], size: 7680 * 1080)
  /// Images of a turn, each in memory of its own: those of the next are written between turns.
  private static let images = 4
  /// That of the other process.
  let device: DeviceOptions

  /// Beside the bare calls, and beside either way to copy it.
  var comparisons: [Comparison] {
    [("shared memory", copiedThroughSharedMemory), ("a pipe", copiedThroughAPipe)].map {
      way, copied in
      Comparison(
        title: "1920x1080 to another process, until it is bound there, beside \(way)",
        item: "image",
        clock: .wall, rival: copied.name, routes: [bare, handedOver, copied])
    }
  }

  /// Why a texture of the device is no such image; nil where it is.
  static func obstacle(on gpu: EGLDevice) -> String? {
    do {
      let memory = try Source().images[0].export()
      let texture = try gpu.register(try TextureBuffer(adopting: memory.descriptor, layout))
      withExtendedLifetime(texture) {}
      return nil
    } catch {
      return "\(error)"
    }
  }

  private var bare: Route {
    Route(name: "bare: sendmsg, recvmsg, import", items: Self.images) {
      let (child, source) = (try ChildPeer(.bare, device), try Source())
      return { watch in
        for buffer in source.images {
          let memory = try buffer.export()
          try child.line?.send(memory.descriptor)
          guard try child.line?.receive() != nil else { throw Gone() }
        }
        watch.finish()
        try source.renew()
      }
    }
  }

  private var handedOver: Route {
    Route(name: "handed over", items: Self.images, isOurs: true, goal: Goal(ratio: 3)) {
      let (child, source) = (try ChildPeer(.handOver, device), try Source())
      return { watch in
        for buffer in source.images { try child.handOver(buffer) }
        watch.finish()
        try source.renew()
      }
    }
  }

  private var copiedThroughSharedMemory: Route {
    Route(name: "copied through shared memory", items: Self.images) {
      let (child, source) = (try ChildPeer(.copied, device), try Source())
      let shared = try source.allocate()
      let pixels = [UInt8](repeating: 7, count: Self.layout.size)
      let memory = try shared.export()
      try child.line?.send(memory.descriptor)
      return { watch in
        for _ in 0..<Self.images {
          do {
            var writer = shared.writer()
            writer.write(pixels.span, rows: 0..<Self.layout.height)
          }
          try child.line?.send()
          guard try child.line?.receive() != nil else { throw Gone() }
        }
        watch.finish()
        try source.renew()
      }
    }
  }

  /// The other process reads it to where it is bound.
  private var copiedThroughAPipe: Route {
    Route(name: "copied through a pipe", items: Self.images) {
      let (child, source) = (try ChildPeer(.piped, device), try Source())
      let pixels = [UInt8](repeating: 7, count: Self.layout.size)
      let pipe = try PixelPipe()
      let readingEnd = try pipe.takeReadingEnd()
      try child.line?.send(readingEnd.descriptor)
      return { watch in
        for _ in 0..<Self.images {
          try child.line?.send()
          try pipe.write(pixels)
          guard try child.line?.receive() != nil else { throw Gone() }
        }
        watch.finish()
        try source.renew()
      }
    }
  }

  private struct Gone: Error, CustomStringConvertible {
    var description: String { "the other process is gone" }
  }

  /// Images as a decoder leaves them.
  private final class Source {
    private let pool: TexturePool
    private(set) var images: [TextureBuffer] = []

    init() throws {
      pool = try TexturePool(for: [], from: [MemfdHeap()])
      try renew()
    }

    /// Others in the place of those that are with the other process.
    func renew() throws {
      images = []
      for _ in 0..<HandOverRoutes.images {
        let image = try allocate()
        var writer = image.writer()
        writer.fill(0..<layout.height, with: 7)
        images.append(image)
      }
    }

    func allocate() throws -> TextureBuffer {
      let image = try pool.allocate(
        ImageDescriptor(width: layout.width, height: layout.height, formats: [.abgr8888]),
        for: [.texture, .exportable])
      guard image.layout.planes[0].pitch == layout.planes[0].pitch else {
        throw ProgramFailure("rows of \(image.layout.planes[0].pitch) bytes")
      }
      return image
    }
  }
}
