internal import ArgumentParser
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocJPEG

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw JPEG files by every route to the GPU, and compare them with the CPU's decode.",
    discussion: """
      Each pixel that the GPU shows must be the one that was decoded, also where the GPU finishes the \
      decoding by itself. A route that is not to be had \
      here is named with its reason, and is no failure as long as another one is right.
      """)

  @Argument(help: "The JPEG files.", completion: .file())
  var inputs: [String]

  @Option(help: "What they are drawn with.")
  var api = GraphicsAPI.gl

  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let report = try Texctl.stating {
      switch api {
      case .gl: try CheckReport(of: inputs, on: device)
      case .vulkan: try CheckReport(ofVulkan: inputs, on: device)
      }
    }
    print(json ? report.json : report.text)
    if !report.isRight { throw ExitCode(1) }
  }
}

/// What `texctl check` finds out.
struct CheckReport: Encodable {
  enum Verdict: String, Encodable {
    case identical, different
    case notToBeHad = "not to be had"
  }

  struct Entry: Encodable {
    let picture: String
    let route: Route
    /// Who finished the decoding.
    let finisher: Finisher
    let verdict: Verdict
    /// What differs, or why the route is not to be had.
    @NullEncoded var reason: String?
    /// Where the pixels lay.
    @NullEncoded var heap: String?
  }

  let renderer: String
  let entries: [Entry]
  /// Whether nothing differed, and every picture was shown by some route.
  let isRight: Bool
}

extension CheckReport {
  init(of files: [String], on options: DeviceOptions) throws {
    var entries: [Entry] = []
    var renderer = ""
    for route in options.routes {
      let gpu = try options.open(on: route)
      renderer = gpu.description.renderer
      let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
      for file in files {
        Console.progress("\(file), \(route.rawValue)")
        entries.append(
          try Self.check(file, on: gpu, route, from: pool) {
            try Self.difference(between: $0, and: $1)
          })
        if route == .transferred {
          entries.append(try Self.checkFinishing(of: file, on: gpu, from: pool))
        }
      }
    }
    Console.endProgress()
    let shown = Set(entries.lazy.filter { $0.verdict == .identical }.map(\.picture))
    isRight = shown.count == Set(files).count && !entries.contains { $0.verdict == .different }
    self.entries = entries
    self.renderer = renderer
  }

  /// - Parameter difference: Between what a texture shows and the picture; nil where there is none.
  static func check<Device: Registrar>(
    _ file: String, on gpu: Device, _ route: Route, from pool: TexturePool,
    _ difference: (Device.Handle, JPEGImage) throws -> String?
  ) throws -> Entry {
    func entry(_ verdict: Verdict, _ reason: String? = nil, _ heap: String? = nil) -> Entry {
      Entry(
        picture: file, route: route, finisher: .cpu, verdict: verdict, reason: reason, heap: heap)
    }
    let photo = try JPEGImage(contentsOf: FilePath(file))
    let texture: Device.Handle
    do {
      let buffer = try pool.allocate(photo.descriptor, named: file)
      try photo.decode(into: buffer)
      texture = try gpu.registration(for: buffer)
    } catch let error as AllocationError {
      return entry(.notToBeHad, "\(error)")
    } catch let error as RegistrationRefused {
      return entry(.notToBeHad, "\(error)")
    }
    let reason = try difference(texture, photo)
    return entry(reason == nil ? .identical : .different, reason, texture.buffer.heap)
  }

  /// The same where the GPU makes the pixels of coefficients.
  private static func checkFinishing(
    of file: String, on gpu: EGLDevice, from pool: TexturePool
  ) throws -> Entry {
    func entry(_ verdict: Verdict, _ reason: String? = nil, _ heap: String? = nil) -> Entry {
      Entry(
        picture: file, route: .transferred, finisher: .gpu, verdict: verdict, reason: reason,
        heap: heap)
    }
    let photo = try JPEGImage(contentsOf: FilePath(file))
    let choice = gpu.finisher(of: photo, demanded: .gpu)
    guard choice.finisher == .gpu else { return entry(.notToBeHad, choice.reason) }
    let texture: Texture
    do {
      let stream = try photo.coefficients(in: CoefficientMemory(of: pool))
      texture = try gpu.texture(finishing: stream)
    } catch let error as CoefficientsRefused {
      return entry(.notToBeHad, "\(error)")
    } catch let error as RegistrationRefused {
      return entry(.notToBeHad, "\(error)")
    }
    let reason = try difference(between: texture, and: photo)
    return entry(reason == nil ? .identical : .different, reason, texture.buffer.heap)
  }

  /// What a texture shows otherwise than the CPU decodes it; nil where that is nothing.
  private static func difference(
    between texture: Texture, and photo: JPEGImage
  ) throws -> String? {
    let layout = texture.buffer.layout
    let canvas = try Canvas(width: layout.width, height: layout.height)
    try canvas.draw([Canvas.Quad(whole: layout)], from: .texels(texture))
    return try difference(between: canvas.readPixels(), and: pixels(of: photo))
  }

  /// The CPU's decode, as `R`, `G`, `B`, `A` bytes.
  static func pixels(of photo: JPEGImage) throws -> [UInt8] {
    let buffer = try TexturePool(for: [], from: [MemfdHeap()]).allocate(
      photo.descriptor(as: [.abgr8888]), for: .cpuRead)
    try photo.decode(into: buffer)
    return try buffer.pixels()
  }

  /// nil where there is none.
  static func difference(between shown: [UInt8], and decoded: [UInt8]) -> String? {
    guard shown != decoded else { return nil }
    guard shown.count == decoded.count else {
      return "\(shown.count) bytes were shown, \(decoded.count) decoded"
    }
    let steps = zip(shown, decoded).map { abs(Int($0) - Int($1)) }
    let first = steps.firstIndex { $0 > 0 } ?? 0
    return "\(steps.count { $0 > 0 }) of \(steps.count) bytes differ, by up to \(steps.max() ?? 0);"
      + " the first is byte \(first)"
  }
}

extension CheckReport {
  /// For people: a line for each picture and route.
  var text: String {
    ([renderer]
      + entries.map { entry in
        "  \(entry.route.rawValue)\(entry.finisher == .gpu ? ", finished by the GPU" : ""),"
          + " \(entry.picture): \(entry.verdict.rawValue)"
          + (entry.heap.map { ", from \($0)" } ?? "") + (entry.reason.map { "; \($0)" } ?? "")
      }
      + [isRight ? "Every picture is right." : "Not every picture is right."])
      .joined(separator: "\n")
  }
}
