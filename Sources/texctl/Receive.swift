internal import ArgumentParser
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocVulkan

struct Receive: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw what another process hands over into PNG files.",
    discussion: """
      The other is told what the GPU here can live with. Its memory is bound to a texture by whatever \
      route the device has, and drawn; no pixel is copied to get here.
      """)

  @Argument(help: "Where the other process listens: the path of a socket.", completion: .file())
  var socket: String

  @Option(
    name: .short,
    help: ArgumentHelp("The folder to write to: 1.png, 2.png, …", valueName: "folder"),
    completion: .directory)
  var output: String

  @Option(help: ArgumentHelp("How long the other may keep still.", valueName: "seconds"))
  var patience = Patience(seconds: 10)

  @Option(help: "What it is drawn with.")
  var api = GraphicsAPI.gl

  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print what was done as JSON, a line for each picture.")
  var json = false

  func run() throws {
    try Texctl.stating {
      try FilePath(output).makeFolder()
      let viewer: any Viewer =
        switch api {
        case .gl: GLViewer(gpu: try device.open())
        case .vulkan: VulkanViewer(gpu: try device.openVulkan())
        }
      let limits = PeerLimits(patience: patience.duration)
      let socket = try BufferSocket(
        connectingTo: FilePath(socket), as: "texctl receive", limits: limits)
      while true {
        guard let event = try socket.receive(until: .now + limits.patience) else {
          throw SharingError.slow(limits.patience)
        }
        switch event {
        case .asked: try socket.answer(with: [viewer.component])
        case .conflict(let words): throw ProgramFailure("conflict: \(words)")
        case .received(let image): try draw(image, from: socket, by: viewer)
        case .withdrawn: break
        case .closed(nil): throw ProgramFailure("the other process is gone")
        case .closed: return
        case .attributes, .released: throw ProgramFailure("nothing was offered from here")
        }
      }
    }
  }

  private func draw(
    _ image: ReceivedBuffer, from socket: BufferSocket, by viewer: any Viewer
  ) throws {
    try wait(for: image, from: socket)
    let view: View
    do throws(RegistrationRefused) { view = try viewer.view(image) } catch {
      return try socket.refuse(image.handOver, because: "\(error)")
    }
    let size = image.orientation.upright(image.buffer.layout.imageSize)
    let pixels = try view.pixels()  // waits for the GPU
    try socket.release(image.handOver)
    let path = FilePath(output).appending("\(image.handOver.number).png")
    try PNGFile(width: size.width, height: size.height, rgba: pixels).write(to: path)
    print(json ? view.report.json : "\(path): \(size), \(view.report.way)")
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

/// What shows an image of another process: a GPU by one API or another.
private protocol Viewer {
  var component: any Component { get }
  func view(_ image: ReceivedBuffer) throws(RegistrationRefused) -> View
}

/// An image that is bound to a texture.
private struct View {
  let report: TextureReport
  /// As it is shown.
  let pixels: () throws -> [UInt8]
}

private struct GLViewer: Viewer {
  let gpu: EGLDevice
  var component: any Component { gpu }

  func view(_ image: ReceivedBuffer) throws(RegistrationRefused) -> View {
    let start = ContinuousClock.now
    let texture = try gpu.texture(for: image.buffer)
    let registering = ContinuousClock.now - start
    let (layout, orientation) = (image.buffer.layout, image.orientation)
    let size = orientation.upright(layout.imageSize)
    let report = TextureReport(
      texture, as: size, bytesCopied: gpu.statistics.bytesCopied(.uploaded),
      registering: registering)
    return View(report: report) {
      let canvas = try Canvas(width: size.width, height: size.height)
      try canvas.draw([Canvas.Quad(whole: layout, orientation)], from: .texels(texture))
      return try canvas.readPixels()
    }
  }
}

private struct VulkanViewer: Viewer {
  let gpu: VulkanDevice
  var component: any Component { gpu }

  func view(_ image: ReceivedBuffer) throws(RegistrationRefused) -> View {
    let (layout, orientation) = (image.buffer.layout, image.orientation)
    guard layout.planes.count == 1 else {
      throw RegistrationRefused(
        .format, by: gpu.name, field: "formats", wanted: "one of one plane, to be drawn as it is",
        held: "\(layout.format)")
    }
    let start = ContinuousClock.now
    let texture = try gpu.texture(for: image.buffer)
    let report = TextureReport(
      texture, as: orientation.upright(layout.imageSize), registering: .now - start)
    return View(report: report) {
      orientation.upright(try texture.texels(), of: layout.imageSize)
    }
  }
}
