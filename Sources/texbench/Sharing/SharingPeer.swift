internal import ArgumentParser
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocEGL

/// What runs in the other process: binds what comes, and lets go of it.
struct SharingPeer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sharing-peer", abstract: "The other process of texbench sharing.",
    shouldDisplay: false)

  @Argument var role: ChildPeer.Role
  @Argument var socket: String
  @OptionGroup var device: DeviceOptions

  func run() throws {
    try Self.stating {
      let gpu = try device.open()
      switch role {
      case .handOver: try takeBuffers(gpu)
      case .bare: try importDescriptors(gpu)
      case .copied: try copyOut(gpu)
      case .piped: try readOut(gpu)
      }
    }
  }

  private func takeBuffers(_ gpu: EGLDevice) throws {
    let socket = try BufferSocket(connectingTo: FilePath(socket), as: "texbench sharing-peer")
    while let event = try socket.receive(until: .now + .seconds(60)) {
      switch event {
      case .received(let image):
        do {
          let texture = try gpu.register(image.buffer)
          withExtendedLifetime(texture) {}
        } catch {
          try socket.refuse(image.handOver, because: "\(error)")
          continue
        }
        try gpu.collect()
        try socket.release(image.handOver)
      case .closed: return
      default: break
      }
    }
  }

  private func importDescriptors(_ gpu: EGLDevice) throws {
    let line = try PacketLine(connectingTo: socket)
    while let descriptors = try line.receive() {
      for descriptor in descriptors {
        let memory = OwnedDescriptor(owning: descriptor)
        let texture = try gpu.register(
          try TextureBuffer(adopting: memory.descriptor, HandOverRoutes.layout))
        withExtendedLifetime(texture) {}
      }
      try gpu.collect()
      try line.send()
    }
  }

  private func copyOut(_ gpu: EGLDevice) throws {
    let line = try PacketLine(connectingTo: socket)
    guard let descriptor = try line.receive()?.first else { return }
    let memory = OwnedDescriptor(owning: descriptor)
    let shared = try TextureBuffer(
      adopting: memory.descriptor, HandOverRoutes.layout, mappedFor: [.read])
    let pool = try TexturePool(for: [gpu])
    let image = ImageDescriptor(
      width: shared.layout.width, height: shared.layout.height, formats: [.abgr8888])
    while try line.receive() != nil {
      let buffer = try pool.allocate(image)
      try shared.withReadback { pixels in
        var writer = buffer.writer()
        writer.write(pixels, rows: 0..<image.height)
      }
      let texture = try gpu.texture(for: buffer)
      withExtendedLifetime(texture) {}
      try gpu.collect()
      try line.send()
    }
  }

  private func readOut(_ gpu: EGLDevice) throws {
    let line = try PacketLine(connectingTo: socket)
    guard let descriptor = try line.receive()?.first else { return }
    let pipe = OwnedDescriptor(owning: descriptor)
    let pool = try TexturePool(for: [gpu])
    let image = ImageDescriptor(
      width: HandOverRoutes.layout.width, height: HandOverRoutes.layout.height, formats: [.abgr8888]
    )
    while try line.receive() != nil {
      let buffer = try pool.allocate(image, for: [.texture, .cpuRead])
      do {
        var writer = buffer.writer()
        var rows = try writer.raw()
        try PixelPipe.read(pipe.descriptor, to: &rows)
      }
      let texture = try gpu.texture(for: buffer)
      withExtendedLifetime(texture) {}
      try gpu.collect()
      try line.send()
    }
  }
}
