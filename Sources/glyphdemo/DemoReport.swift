internal import ProgramSupport
internal import TexAlloc
internal import TexAllocAssets
internal import TexAllocEGL
internal import TexAllocVulkan

/// What a run did: for `--report` as JSON, and for the summary.
struct DemoReport: Encodable {
  struct Device: Encodable {
    let driver, renderer, version, chosenBecause: String
    @NullEncoded var importObstacle: String?
    let quirks: [String]
  }

  struct Glyphs: Encodable {
    /// Glyphs on the page, and different ones.
    let drawn, rasterised: Int
    let pages: [TextureReport]
  }

  struct Stage: Encodable {
    let name: String
    let milliseconds: Double
  }

  struct Pool: Encodable {
    let slabs, slabBytes, slots, slotBytes: Int
    /// For each kind of image.
    let plans: [Plan]
  }

  struct Plan: Encodable {
    let format: String
    @NullEncoded var route: Route?
    /// Why it is no better one.
    @NullEncoded var obstacle: String?
    let heap, caching: String
    /// Each heap that was looked at, and what became of it.
    let verdicts: [String]
  }

  let picture: String
  let width, height, frames: Int
  let device: Device
  let pool: Pool
  let photos: [TextureReport]
  let glyphs: Glyphs
  let stages: [Stage]
  /// Fonts that are missing, photographs that were not drawn.
  let notes: [String]
}

extension DemoReport.Device {
  init(_ gpu: EGLDevice) {
    driver = gpu.description.driver
    renderer = gpu.description.renderer
    version = gpu.description.version
    chosenBecause = gpu.description.reason
    importObstacle = gpu.importObstacle
    quirks = gpu.profiles.map(\.name)
  }
}

extension DemoReport.Device {
  init(_ gpu: VulkanDevice) {
    driver = gpu.description.driver
    renderer = gpu.description.name
    version = "Vulkan \(gpu.description.version)"
    chosenBecause = "of the devices of Vulkan that --device names it comes first"
    quirks = []
  }
}

extension DemoReport.Pool {
  init(_ pool: TexturePool) {
    let statistics = pool.statistics
    slabs = statistics.slabs
    slabBytes = statistics.slabBytes
    slots = statistics.slots
    slotBytes = statistics.slotBytes
    plans = pool.plans.map(DemoReport.Plan.init)
  }
}

extension DemoReport.Plan {
  init(_ plan: MemoryPlan) {
    format = plan.attributes.format?.description ?? "any"
    route = plan.route
    obstacle = plan.obstacle
    heap = plan.heap
    caching = plan.caching.rawValue
    verdicts = plan.verdicts.map(\.description)
  }
}

extension DemoReport {
  /// For the person who ran it.
  var summary: String {
    let lines =
      [
        "\(picture): \(width)x\(height)",
        "",
        "device    \(device.renderer), \(device.version)",
        "          chosen because \(device.chosenBecause)",
        "pool      \(mebibytes(pool.slotBytes)) of \(mebibytes(pool.slabBytes)) MiB in use,"
          + " \(pool.slots) slots in \(pool.slabs) slabs",
      ] + planLines + photoLines + glyphLines
      + [
        "time      "
          + stages.map { "\($0.name) \(rounded($0.milliseconds)) ms" }.joined(separator: ", ")
      ]
      + notes.map { "note      \($0)" }
    return lines.joined(separator: "\n")
  }

  private var planLines: [String] {
    pool.plans.map { plan in
      "          \(plan.format): \(plan.route?.rawValue ?? "no device"),"
        + " from \(plan.heap), \(plan.caching)"
    }
  }

  private var photoLines: [String] {
    photos.map { photo in
      "photo     \(photo.name), \(photo.width)x\(photo.height): \(photo.way),"
        + " \(photo.bytesCopied) bytes copied"
    }
  }

  private var glyphLines: [String] {
    ["glyphs    \(glyphs.drawn) drawn, \(glyphs.rasterised) rasterised"]
      + glyphs.pages.map { page in
        "          \(page.name): \(page.way), \(page.bytesCopied) bytes copied"
      }
  }

  private func mebibytes(_ bytes: Int) -> String { rounded(Double(bytes) / 1_048_576) }

  private func rounded(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }
}

/// How long each part of a run takes, in the order in which they begin.
struct StageTimer {
  private(set) var stages: [DemoReport.Stage] = []
  private var last = ContinuousClock.now

  /// Ends a stage that began when the one before it ended.
  mutating func end(_ name: String) {
    let now = ContinuousClock.now
    stages.append(DemoReport.Stage(name: name, milliseconds: (now - last).milliseconds))
    last = now
  }
}
