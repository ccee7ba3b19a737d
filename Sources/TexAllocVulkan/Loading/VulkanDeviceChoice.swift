/// Which of the machine's devices of Vulkan to draw with.
public enum VulkanDeviceChoice: Hashable, Sendable, CustomStringConvertible {
  /// The first discrete one, or else the first of the next kind: integrated, virtual, the CPU.
  case automatic
  /// The first that is the CPU.
  case software
  /// By its place in the order of `vkEnumeratePhysicalDevices`.
  case index(Int)
  /// By its UUID, by its name or its driver's, or by a part of these.
  case named(String)

  /// `automatic`, `software`, a number, or a name or UUID: what people type.
  public init(_ description: String) {
    switch description {
    case "automatic": self = .automatic
    case "software": self = .software
    default: self = Int(description).map { .index($0) } ?? .named(description)
    }
  }

  /// What people type.
  public var description: String {
    switch self {
    case .automatic: "automatic"
    case .software: "software"
    case .index(let index): "\(index)"
    case .named(let name): name
    }
  }

  /// The devices that it may be, the first choice first.
  func candidates(among devices: [VulkanDeviceDescription]) -> [VulkanDeviceDescription] {
    switch self {
    case .automatic:
      let kinds: [VulkanDeviceDescription.Kind] = [.discrete, .integrated, .virtual, .other, .cpu]
      return kinds.flatMap { kind in devices.filter { $0.kind == kind } }
    case .software: return devices.filter { $0.kind == .cpu }
    case .index(let index): return devices.filter { $0.index == index }
    case .named(let name):
      let wanted = name.lowercased()
      let byUUID = devices.filter { $0.uuid == wanted.filter { $0 != "-" } }
      guard byUUID.isEmpty else { return byUUID }
      return devices.filter { device in
        [device.name, device.driver].contains { $0.lowercased().holds(wanted) }
      }
    }
  }
}

extension String {
  /// Of Swift's own `contains` a megabyte of regular expressions comes with every program.
  fileprivate func holds(_ part: String) -> Bool {
    utf8.indices.contains { utf8[$0...].starts(with: part.utf8) }
  }
}
