internal import ArgumentParser
package import TexAlloc
package import TexAllocEGL
package import TexAllocVulkan

/// Which API a program draws with.
package enum GraphicsAPI: String, CaseIterable, ExpressibleByArgument, Sendable {
  /// OpenGL ES or OpenGL, by EGL.
  case gl
  case vulkan
}

/// Which GPU a program draws with, and what it must be known for.
package struct DeviceOptions: ParsableArguments, Sendable {
  @Option(
    help: ArgumentHelp(
      "The EGL device: automatic, software, or the name of a driver or of a DRM node."
        + " Of Vulkan: automatic, software, a number, a name or a UUID.",
      valueName: "name"),
    transform: DeviceChoice.init)
  private var device = DeviceChoice.automatic

  @Option(
    name: .customLong("quirk"),
    help: ArgumentHelp(
      "A quirk profile instead of those that the device is known for; may be repeated."
        + " One of \(QuirkProfile.builtIn.map(\.name).joined(separator: ", ")); none;"
        + " or a JSON file of attributes.",
      valueName: "NAME|FILE"),
    transform: readProfiles)
  private var quirks: [[QuirkProfile]] = []

  @Option(
    name: .customLong("route"),
    help: "How pixels get to the GPU; automatic is the best way.")
  private var demand = RouteDemand(route: nil)

  private var route: Route? { demand.route }

  @Flag(
    help: ArgumentHelp(
      "Have OpenGL take memory of Vulkan on the same GPU.",
      discussion: "Where the drivers share it, which texctl probe tells."))
  private var vulkanMemory = false

  package init() {}

  /// The arguments that choose the same device in another process.
  package var choice: [String] {
    switch device {
    case .automatic: []
    case .software: ["--device", "software"]
    case .named(let name): ["--device", name]
    }
  }

  /// Opens the device of Vulkan: for one route and no other, or for the one that was demanded.
  package func openVulkan(on route: Route? = nil) throws(VulkanFailure) -> VulkanDevice {
    let choice: VulkanDeviceChoice =
      switch device {
      case .automatic: .automatic
      case .software: .software
      case .named(let name): VulkanDeviceChoice(name)
      }
    return try .headless(choice, route: route ?? self.route)
  }

  /// Opens the device, with its context current on this thread.
  package func open() throws(EGLFailure) -> EGLDevice {
    try prepared(.surfaceless(device, route: route, profiles: profiles))
  }

  /// Those that pixels may take: the one that was demanded, or all.
  package var routes: [Route] { route.map { [$0] } ?? Route.allCases }

  /// Opens the device for one route and no other, with its context current on this thread.
  package func open(on route: Route) throws(EGLFailure) -> EGLDevice {
    try prepared(.surfaceless(device, route: route, profiles: profiles))
  }

  /// Opens the device on a thread of its own, for what waits.
  package func openThread() async throws(EGLFailure) -> RenderThread {
    try await openThread(on: route)
  }

  /// The same for one route and no other; nil for the one that was demanded, or all.
  package func openThread(on route: Route?) async throws(EGLFailure) -> RenderThread {
    let thread = try await RenderThread(device, route: route ?? self.route, profiles: profiles)
    _ = try prepared(thread.gpu)
    return thread
  }

  private func prepared(_ gpu: EGLDevice) throws(EGLFailure) -> EGLDevice {
    if vulkanMemory { try gpu.openMemoryOfVulkan() }
    return gpu
  }

  private var profiles: [QuirkProfile]? { quirks.isEmpty ? nil : quirks.flatMap { $0 } }

  private static func readProfiles(_ text: String) throws -> [QuirkProfile] {
    if text == "none" { return [] }
    if let profile = QuirkProfile.named(text) { return [profile] }
    do {
      return [QuirkProfile(try BufferAttributes(contentsOf: text), because: "--quirk \(text)")]
    } catch {
      throw ValidationError("--quirk: \(error)")
    }
  }
}

/// The only route that pixels may take; nil for the best.
private struct RouteDemand: ExpressibleByArgument {
  private static let best = "automatic"

  static let allValueStrings = [best] + Route.allCases.map(\.rawValue)

  let route: Route?

  init(route: Route?) { self.route = route }

  init?(argument: String) {
    route = Route(rawValue: argument)
    if route == nil && argument != Self.best { return nil }
  }

  var defaultValueDescription: String { route?.rawValue ?? Self.best }
}

extension EGLDevice {
  /// Has it take memory of Vulkan on the same GPU.
  package func openMemoryOfVulkan() throws(EGLFailure) {
    let vulkan: VulkanDevice
    do { vulkan = try .headless(description.isSoftware ? .software : .automatic) } catch {
      throw .failed("VulkanDevice", "\(error)")
    }
    let heaps = vulkan.sharedHeaps
    guard !heaps.isEmpty else {
      throw .failed("vkGetMemoryFdKHR", "\(vulkan.description.name) shares no memory")
    }
    try open(heaps)
  }
}

extension ImageSize {
  /// For `transform:` of an option: `1920x1080`.
  package static func argument(_ text: String) throws -> ImageSize {
    try parsed(text, like: "1920x1080")
  }
}

extension ImageRegion {
  /// For `transform:` of an option: `640x480+100+20`.
  package static func argument(_ text: String) throws -> ImageRegion {
    try parsed(text, like: "640x480+100+20")
  }
}

private func parsed<Value: LosslessStringConvertible>(
  _ text: String, like example: String
) throws -> Value {
  guard let value = Value(text) else { throw ValidationError("'\(text)' is not like \(example)") }
  return value
}
