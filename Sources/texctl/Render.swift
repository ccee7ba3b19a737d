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
    let texture: TextureReport
    /// Pixels that were decoded, as they are stored.
    let decoded: ImageSize
    /// Who finished the decoding, and why not the GPU.
    let choice: FinisherChoice
    /// How the rows are stored: the number that EXIF has for it.
    let orientation: Int
    /// Rows as they are stored, from the first, whose pixels are the file's; the others are filled.
    let goodRows: Int
    /// What was wrong with the file.
    let warnings: [String]

    private enum CodingKeys: CodingKey {
      case orientation, goodRows, warnings, finisher, finisherReason, decodedWidth, decodedHeight
    }

    /// All of it side by side.
    func encode(to encoder: any Encoder) throws {
      try texture.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(decoded.width, forKey: .decodedWidth)
      try container.encode(decoded.height, forKey: .decodedHeight)
      try container.encode(orientation, forKey: .orientation)
      try container.encode(goodRows, forKey: .goodRows)
      try container.encode(warnings, forKey: .warnings)
      try container.encode(choice.finisher, forKey: .finisher)
      try container.encode(choice.reason, forKey: .finisherReason)
    }
  }

  @Argument(help: "The JPEG file.", completion: .file())
  var input: String

  @Option(
    name: .short, help: ArgumentHelp("The PNG file to write.", valueName: "file"),
    completion: .file())
  var output: String

  @Flag(help: "Keep the rows that are good of a file that is damaged or cut short.")
  var salvage = false

  @Option(
    help: ArgumentHelp(
      "What rows that are not good are filled with: red, green, blue in hexadecimal.",
      valueName: "RRGGBB"))
  var fill = HexColour(red: 0x80, green: 0x80, blue: 0x80)

  @Flag(name: .customLong("apply-icc"), help: "Make the colours of an embedded ICC profile sRGB.")
  var applyICC = false

  @Option(
    help: ArgumentHelp(
      "The largest picture to draw, as 640x480: as few pixels are decoded as that takes.",
      valueName: "size"), transform: ImageSize.argument)
  var maxSize: ImageSize?

  @Option(
    help: ArgumentHelp(
      "The part to decode of the upright picture, as 640x480+100+20: size, column, row.",
      valueName: "region"), transform: ImageRegion.argument)
  var region: ImageRegion?

  @Option(help: "What it is decoded to: rgb; or planar, luma and chroma as the file has them.")
  var mode = Mode.rgb

  @Option(
    help:
      "Who finishes the decoding: cpu; gpu, where it can; or auto, whoever is known to be faster.")
  var decode = Decode.auto

  @Option(help: "What it is drawn with.")
  var api = GraphicsAPI.gl

  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print what was done as JSON.")
  var json = false

  enum Mode: String, CaseIterable, ExpressibleByArgument {
    case rgb, planar
  }

  func validate() throws {
    if api == .vulkan && (mode == .planar || decode == .gpu) {
      throw ValidationError("--api vulkan draws colours that the CPU has decoded")
    }
    if api == .vulkan && maxSize != nil {
      throw ValidationError("--api vulkan draws every pixel that is decoded, and has no --max-size")
    }
  }

  func run() throws {
    let report = try Texctl.stating { try draw() }
    for warning in report.warnings { Console.say("texctl: \(input): \(warning)") }
    if json {
      print(report.json)
    } else {
      let size = "\(report.texture.width)x\(report.texture.height)"
      print("\(output): \(size), \(report.texture.way); \(report.choice)")
    }
  }

  private func draw() throws -> Report {
    var options = DecodingOptions()
    if salvage { options.damage = .salvage(fill: fill.opaque) }
    options.appliesProfile = applyICC
    options.prefersPlanes = mode == .planar
    options.size = maxSize.map { .fit($0) }
    options.region = region
    let photo = try JPEGImage(contentsOf: FilePath(input), options)
    if api == .vulkan { return try drawByVulkan(photo) }
    let gpu = try device.open()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    let picture = try Picture(of: photo, on: gpu, from: pool, by: decode.demand)

    let size = options.size?.shown(region?.size ?? photo.header.wholeSize) ?? photo.size
    let canvas = try Canvas(width: size.width, height: size.height)
    var quad = Canvas.Quad(whole: picture.texture.buffer.layout, photo.orientation)
    (quad.width, quad.height) = (Float(size.width), Float(size.height))
    try canvas.draw(
      [quad], from: size == photo.size ? .texels(picture.texture) : .image(picture.texture))
    let png = PNGFile(width: size.width, height: size.height, rgba: try canvas.readPixels())
    try png.write(to: FilePath(output))
    return Report(
      texture: TextureReport(
        picture.texture, as: size, bytesCopied: gpu.statistics.bytesCopied(.uploaded),
        decoding: picture.decoding, registering: picture.registering),
      decoded: photo.descriptor.size, choice: picture.choice,
      orientation: Int(photo.orientation.rawValue),
      goodRows: picture.report.goodRows.count, warnings: picture.report.warnings)
  }

  enum Decode: String, CaseIterable, ExpressibleByArgument {
    case cpu, gpu, auto

    var demand: Finisher? { Finisher(rawValue: rawValue) }
  }
}

/// A photograph that became a texture, and how.
private struct Picture {
  let texture: Texture
  let choice: FinisherChoice
  let report: DecodingReport
  let decoding, registering: Duration

  /// Where the GPU was chosen and the file then turns out not to be for it, the CPU decodes it.
  init(
    of photo: JPEGImage, on gpu: EGLDevice, from pool: TexturePool, by demand: Finisher?
  ) throws {
    var choice = gpu.finisher(of: photo, demanded: demand)
    var stream: CoefficientStream?
    let start = ContinuousClock.now
    if choice.finisher == .gpu {
      do throws(CoefficientsRefused) {
        stream = try photo.coefficients(in: CoefficientMemory(of: pool))
      } catch {
        choice = .cpu(because: "\(error)")
      }
    }
    if let stream {
      report = DecodingReport(warnings: stream.warnings, goodRows: 0..<photo.descriptor.height)
      let end = ContinuousClock.now
      texture = try gpu.texture(finishing: stream)
      (decoding, registering) = (end - start, .now - end)
    } else {
      let buffer = try pool.allocate(photo.descriptor, named: photo.name)
      report = try photo.decode(into: buffer)
      buffer.finisher = choice
      let end = ContinuousClock.now
      texture = try gpu.texture(for: buffer)
      (decoding, registering) = (end - start, .now - end)
    }
    self.choice = choice
  }
}

/// A colour as it is typed: six hexadecimal digits.
struct HexColour: ExpressibleByArgument, CustomStringConvertible {
  let red, green, blue: UInt8

  init(red: UInt8, green: UInt8, blue: UInt8) {
    (self.red, self.green, self.blue) = (red, green, blue)
  }

  init?(argument: String) {
    guard argument.utf8.count == 6, let number = UInt32(argument, radix: 16) else { return nil }
    func part(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: number >> shift) }
    self.init(red: part(16), green: part(8), blue: part(0))
  }

  var opaque: SIMD4<UInt8> { [red, green, blue, 255] }

  var description: String {
    [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
