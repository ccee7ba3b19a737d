internal import ArgumentParser
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocEGL

struct Receive: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw what another process hands over into PNG files.",
    discussion: """
      The other is told what the GPU here can live with. Its memory is bound to a texture by whatever \
      route the device has, and drawn; no pixel is copied to get here.
      """)

  @Argument(help: "Where the other process listens: the path of a socket.")
  var socket: String

  @Option(name: .short, help: "The folder to write to: 1.png, 2.png, …")
  var output: String

  @Option(help: "Seconds that the other may keep still.")
  var patience = 10.0

  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print what was done as JSON, a line for each picture.")
  var json = false

  func run() throws {
    try Texctl.stating {
      let gpu = try device.open()
      let limits = PeerLimits(patience: .seconds(patience))
      let socket = try BufferSocket(
        connectingTo: FilePath(socket), as: "texctl receive", limits: limits)
      while true {
        guard let event = try socket.receive(until: .now + limits.patience) else {
          throw SharingError.slow(limits.patience)
        }
        switch event {
        case .asked: try socket.answer(with: [gpu])
        case .conflict(let words): throw ProgramFailure("conflict: \(words)")
        case .received(let image): try draw(image, from: socket, by: gpu)
        case .withdrawn: break
        case .closed(nil): throw ProgramFailure("the other process is gone")
        case .closed: return
        case .attributes, .released: throw ProgramFailure("nothing was offered from here")
        }
      }
    }
  }

  private func draw(
    _ image: ReceivedBuffer, from socket: BufferSocket, by gpu: EGLDevice
  ) throws {
    try wait(for: image, from: socket)
    let texture: Texture
    let (clock, start) = (ContinuousClock(), ContinuousClock.now)
    do { texture = try gpu.texture(for: image.buffer) } catch {
      return try socket.refuse(image.handOver, because: "\(error)")
    }
    let registering = clock.now - start
    let size = image.orientation.upright(image.buffer.layout.imageSize)
    let canvas = try Canvas(width: size.width, height: size.height)
    try canvas.draw(
      [Canvas.Quad(whole: image.buffer.layout, image.orientation)], from: .texels(texture))
    let pixels = try canvas.readPixels()  // waits for the GPU
    try socket.release(image.handOver)
    let path = FilePath(output).appending("\(image.handOver.number).png")
    try PNGFile(width: size.width, height: size.height, rgba: pixels).write(to: path)
    let report = TextureReport(
      texture, as: size, bytesCopied: gpu.statistics.bytesCopied(.uploaded),
      registering: registering)
    print(json ? report.json : "\(path): \(size), \(report.way)")
  }

  /// Until its contents are there. What else the other says meanwhile is not for this program.
  private func wait(for image: ReceivedBuffer, from socket: BufferSocket) throws {
    let deadline = ContinuousClock.now + socket.limits.patience
    while let fence = image.fence, !fence.hasPassed {
      guard ContinuousClock.now < deadline else { throw SharingError.slow(socket.limits.patience) }
      if let event = try socket.receive(until: .now + .milliseconds(10)) {
        throw ProgramFailure("\(event) while \(image.buffer.name) is being written")
      }
    }
  }
}
