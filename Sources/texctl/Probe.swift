internal import ArgumentParser
internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL

struct Probe: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what this machine can do, each claim tried once.")

  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print JSON.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Also write the attributes of GPU, cameras, decoders and displays, each into a file of this folder.",
      discussion:
        "texctl merge reads them: texctl merge FOLDER/*.json says whether they get along.",
      valueName: "folder"), completion: .directory)
  var attributes: String?

  @Option(
    help: "The size of cameras' frames and displays' modes: 1920x1080. What they have now, else.",
    transform: ImageSize.argument)
  var size: ImageSize?

  func run() throws {
    try Texctl.stating {
      let folder = attributes.map { FilePath($0) }
      try folder?.makeFolder()
      let report = ProbeReport(on: device, size)
      print(json ? report.json : report.text)
      if let folder { try report.writeAttributes(to: folder) }
    }
  }
}

/// What `texctl probe` finds out.
struct ProbeReport: Encodable {
  struct Device: Encodable {
    let driver, vendor, renderer, version, chosenBecause: String
    /// Devices that came first, each with what went wrong.
    let passedOver: [String]
    let isSoftware: Bool
    let maxTextureSize: Int
    /// What `texctl merge` reads.
    let attributes: BufferAttributes.Form
    let clientExtensions, displayExtensions: [String]
    /// Why nothing can be imported.
    @NullEncoded var importObstacle: String?
    /// Why it does not copy from memory of Vulkan.
    @NullEncoded var vulkanMemoryObstacle: String?
    let quirks: [Quirk]
  }

  struct Quirk: Encodable {
    let name, reason: String
  }

  struct FormatEntry: Encodable {
    let fourcc, modifier: String
    let externalOnly: Bool
    let outcome: String
    @NullEncoded var reason: String?
  }

  /// What becomes of a kind of image.
  struct RouteEntry: Encodable {
    let image, fourcc: String
    /// nil where it can have no memory.
    @NullEncoded var route: Route?
    @NullEncoded var heap: String?
    /// Why there is no better route, or none.
    @NullEncoded var reason: String?
  }

  struct HeapEntry: Encodable {
    let name: String
    let present: Bool
    let chosen: Bool
    @NullEncoded var caching: String?
    @NullEncoded var reason: String?
  }

  /// Something beside the GPU that touches images: a camera, a decoder, a display.
  struct Participant: Encodable {
    /// What it is called; where it is nothing, its node.
    let name: String
    /// What `texctl merge` reads.
    @NullEncoded var attributes: BufferAttributes.Form?
    /// Why it is nothing.
    @NullEncoded var reason: String?
  }

  struct Limits: Encodable {
    let descriptors, mappings, liveImages: Int
  }

  let device: Device?
  /// Why there is no device.
  @NullEncoded var deviceFailure: String?
  let routes: [RouteEntry]
  let formats: [FormatEntry]
  let heaps: [HeapEntry]
  let cameras, decoders, displays: [Participant]
  let vulkan: VulkanProbe
  let limits: Limits
}

extension ProbeReport {
  init(on options: DeviceOptions, _ size: ImageSize?) {
    vulkan = VulkanProbe()
    cameras = Participant.cameras(of: size)
    decoders = Participant.decoders()
    displays = Participant.displays(of: size)
    let limit = ImageLimit.now()
    limits = Limits(
      descriptors: limit.descriptors, mappings: limit.mappings, liveImages: limit.images)
    do {
      let gpu = try options.open()
      deviceFailure = nil
      let plans = Self.plans(on: gpu)
      routes = plans.map(RouteEntry.init)
      heaps = Self.heaps(of: plans.compactMap { try? $0.plan.get() })
      formats = Self.formats(of: gpu)
      device = Device(gpu)  // last: it opens memory that plans would take
    } catch {
      device = nil
      deviceFailure = "\(error)"
      routes = []
      heaps = Self.heaps(of: [])
      formats = []
    }
  }

  fileprivate typealias Plan = (
    image: String, fourcc: Fourcc, plan: Result<MemoryPlan, AllocationError>
  )

  /// What a pool for the device plans for the images that programs have.
  private static func plans(on gpu: EGLDevice) -> [Plan] {
    let images: [(String, Fourcc)] = [
      ("photographs", .abgr8888), ("photographs, blue first", .argb8888), ("glyph pages", .r8),
    ]
    return images.map { image, fourcc in
      let plan = Result { () throws(AllocationError) in
        try TexturePool(for: [gpu]).plan(
          for: ImageDescriptor(width: 64, height: 64, formats: [fourcc]))
      }
      return (image, fourcc, plan)
    }
  }

  private static func formats(of gpu: EGLDevice) -> [FormatEntry] {
    let heaps = Heaps.present().filter { gpu.attributes.heaps?.contains($0.name) ?? true }
    guard let memory = try? TexturePool(for: [], from: heaps),
      let findings = try? gpu.survey(in: memory)
    else { return [] }
    return findings.map(FormatEntry.init)
  }

  private static func heaps(of plans: [MemoryPlan]) -> [HeapEntry] {
    Heaps.found().map { finding in
      switch finding.heap {
      case .success:
        let plan = plans.first { $0.heap == finding.name }
        let verdict = plans.first?.verdicts.first { $0.heap == finding.name }
        return HeapEntry(
          name: finding.name, present: true, chosen: plan != nil,
          caching: finding.caching.map { "\($0)" }, reason: plan?.reason ?? verdict?.passedOver)
      case .failure(let failure):
        return HeapEntry(
          name: finding.name, present: false, chosen: false, caching: nil, reason: "\(failure)")
      }
    }
  }
}

extension ProbeReport.RouteEntry {
  fileprivate init(_ plan: ProbeReport.Plan) {
    image = plan.image
    fourcc = "\(plan.fourcc)"
    switch plan.plan {
    case .success(let plan):
      (route, heap, reason) = (plan.route, plan.heap, plan.obstacle)
    case .failure(let error):
      (route, heap, reason) = (nil, nil, "\(error)")
    }
  }
}

extension ProbeReport.Device {
  fileprivate init(_ gpu: EGLDevice) {
    let about = gpu.description
    driver = about.driver
    vendor = about.vendor
    renderer = about.renderer
    version = about.version
    chosenBecause = about.reason
    passedOver = about.passedOver.map { "\($0)" }
    isSoftware = about.isSoftware
    maxTextureSize = about.maxTextureSize
    clientExtensions = about.clientExtensions
    displayExtensions = about.displayExtensions
    attributes = BufferAttributes.Form(gpu.attributes)
    importObstacle = gpu.importObstacle
    do throws(EGLFailure) {
      try gpu.openMemoryOfVulkan()
      vulkanMemoryObstacle = nil
    } catch { vulkanMemoryObstacle = "\(error)" }
    quirks = gpu.profiles.map { ProbeReport.Quirk(name: $0.name, reason: $0.reason) }
  }
}

extension ProbeReport.FormatEntry {
  fileprivate init(_ finding: FormatFinding) {
    fourcc = "\(finding.format.fourcc)"
    modifier = "0x" + String(finding.format.modifier.rawValue, radix: 16)
    externalOnly = finding.isExternalOnly
    switch finding.outcome {
    case .works: (outcome, reason) = ("works", nil)
    case .imports: (outcome, reason) = ("imports", "its pixels were not compared")
    case .refused(let why): (outcome, reason) = ("refused", why)
    case .untried(let why): (outcome, reason) = ("untried", why)
    }
  }
}

extension ProbeReport {
  /// For people: what matters first.
  var text: String {
    [
      deviceLines, routeLines, formatLines, heapLines, lines("Cameras", cameras),
      lines("Decoders", decoders), lines("Displays", displays), vulkan.lines, limitLines,
    ].joined(separator: [""]).joined(separator: "\n")
  }

  private var deviceLines: [String] {
    guard let device else { return ["Device: none: \(deviceFailure ?? "")"] }
    return [
      "Device: \(device.driver): \(device.renderer), \(device.version)",
      "  chosen because \(device.chosenBecause)",
    ] + device.passedOver.map { "  passed over \($0)" } + [
      "  import: \(device.importObstacle ?? "yes")",
      "  memory of Vulkan: \(device.vulkanMemoryObstacle ?? "opened")",
      "  quirks: "
        + (device.quirks.isEmpty
          ? "none known"
          : device.quirks.map { "\($0.name), because \($0.reason)" }.joined(separator: "; ")),
      "  largest texture: \(device.maxTextureSize)",
      "  EGL client extensions: " + device.clientExtensions.joined(separator: " "),
      "  EGL display extensions: " + device.displayExtensions.joined(separator: " "),
    ]
  }

  private var routeLines: [String] {
    ["Routes, each checked pixel by pixel:"]
      + (routes.isEmpty ? ["  none"] : [])
      + routes.map { entry in
        "  \(entry.image), \(entry.fourcc): "
          + [entry.route?.rawValue ?? "none", entry.heap.map { "from \($0)" }]
          .compactMap { $0 }.joined(separator: " ") + (entry.reason.map { "; \($0)" } ?? "")
      }
  }

  private var formatLines: [String] {
    ["Formats that are advertised, each tried once:"]
      + (formats.isEmpty ? ["  none"] : [])
      + formats.map { entry in
        "  \(entry.fourcc) \(entry.modifier): \(entry.outcome)"
          + (entry.externalOnly ? ", external only" : "")
          + (entry.reason.map { " (\($0))" } ?? "")
      }
  }

  private var heapLines: [String] {
    ["Heaps:"]
      + heaps.map { heap in
        let state = heap.chosen ? "chosen" : heap.present ? "present" : "absent"
        return "  \(heap.name): "
          + [state, heap.caching, heap.reason].compactMap { $0 }
          .joined(separator: "; ")
      }
  }

  private func lines(_ title: String, _ participants: [Participant]) -> [String] {
    ["\(title):"] + (participants.isEmpty ? ["  none"] : [])
      + participants.map { participant in
        "  "
          + (participant.attributes.map { "\(participant.name): \($0.words)" }
            ?? participant.reason ?? participant.name)
      }
  }

  private var limitLines: [String] {
    [
      "Limits: \(limits.descriptors) descriptors, \(limits.mappings) mappings:"
        + " at most \(limits.liveImages) images live at once"
    ]
  }
}
