internal import ArgumentParser
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocJPEG

struct Render: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw a JPEG file through a texture into a PNG file.")

  /// What `--json` prints.
  struct Report: Encodable {
    let width, height: Int
    let route: Route
    /// Why it took no better one.
    @NullEncoded var reason: String?
    let heap, format: String
    /// Bytes, as the memory lies in its slab.
    let pitch, offset: Int
    /// By the CPU, beyond the decode.
    let bytesCopied: Int
    let decodeMilliseconds, registerMilliseconds: Double
  }

  @Argument(help: "The JPEG file.")
  var input: String

  @Option(name: .short, help: "The PNG file to write.")
  var output: String

  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print what was done as JSON.")
  var json = false

  func run() throws {
    let report = try Texctl.stating { try draw() }
    if json {
      print(report.json)
    } else {
      print(
        "\(output): \(report.width)x\(report.height), \(report.route)"
          + (report.reason.map { " because \($0)" } ?? ""))
    }
  }

  private func draw() throws -> Report {
    let photo = try JPEGImage(contentsOf: FilePath(input))
    let gpu = try device.open()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    let buffer = try pool.allocate(photo.descriptor, named: input)

    let clock = ContinuousClock()
    let decoding = try clock.measure { try photo.decode(into: buffer) }
    let start = clock.now
    let texture = try gpu.texture(for: buffer)
    let registering = clock.now - start

    let canvas = try Canvas(width: photo.width, height: photo.height)
    canvas.draw([Canvas.Quad(whole: buffer.layout)], from: .texels(texture.name))
    let png = PNGFile(width: photo.width, height: photo.height, rgba: try canvas.readPixels())
    try png.write(to: FilePath(output))
    return Report(
      texture, decodeMilliseconds: decoding.milliseconds,
      registerMilliseconds: registering.milliseconds,
      bytesCopied: gpu.statistics.bytesCopied(.uploaded))
  }
}

extension Render.Report {
  fileprivate init(
    _ texture: Texture, decodeMilliseconds: Double, registerMilliseconds: Double, bytesCopied: Int
  ) {
    let buffer = texture.buffer
    width = buffer.layout.width
    height = buffer.layout.height
    route = texture.route
    reason = texture.reason
    heap = buffer.heap ?? "unknown"
    format = "\(buffer.layout.format)"
    pitch = buffer.layout.planes[0].pitch
    offset = buffer.offset
    self.bytesCopied = bytesCopied
    self.decodeMilliseconds = decodeMilliseconds
    self.registerMilliseconds = registerMilliseconds
  }
}
