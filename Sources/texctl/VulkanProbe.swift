internal import ProgramSupport
internal import TexAlloc
internal import TexAllocVulkan

/// What `texctl probe` finds out about the devices of Vulkan.
struct VulkanProbe: Encodable {
  struct Device: Encodable {
    let index: Int
    let name, kind, driver, version, uuid: String
    let importsHostMemory, importsDMABufs, takesAnyPitch: Bool
    let memory: [MemoryEntry]
    let routes: [RouteEntry]
  }

  struct MemoryEntry: Encodable {
    let type: Int
    let properties: String
    let heapMiB: Int
    /// nil for what the CPU cannot map.
    @NullEncoded var heap: String?
    /// How its mapping is cached, as measured.
    @NullEncoded var caching: String?
  }

  struct RouteEntry: Encodable {
    let fourcc: String
    @NullEncoded var route: Route?
    @NullEncoded var heap: String?
    /// Why there is no better route, or none.
    @NullEncoded var reason: String?
  }

  let devices: [Device]
  /// Why there is none, or why one was not opened.
  let failures: [String]

  init() {
    var (devices, failures): ([Device], [String]) = ([], [])
    do {
      for description in try VulkanDevice.present() {
        do {
          devices.append(Device(try .headless(.index(description.index))))
        } catch {
          failures.append("\(description.name): \(error)")
        }
      }
    } catch {
      failures.append("\(error)")
    }
    (self.devices, self.failures) = (devices, failures)
  }
}

extension VulkanProbe.Device {
  fileprivate init(_ gpu: VulkanDevice) {
    let about = gpu.description
    index = about.index
    (name, kind, driver) = (about.name, about.kind.rawValue, about.driver)
    (version, uuid) = (about.version, about.uuid)
    importsHostMemory = gpu.importsHostMemory
    importsDMABufs = gpu.importsDMABufs
    takesAnyPitch = gpu.takesAnyPitch
    memory = about.memoryTypes.map { type in
      let heap = gpu.memoryHeaps.first { $0.type == type }
      return VulkanProbe.MemoryEntry(
        type: type.index, properties: "\(type)", heapMiB: type.heapSize >> 20, heap: heap?.name,
        caching: heap.map { "\($0.caching)" })
    }
    routes = gpu.formats.formats.compactMap { fourcc in
      let image = ImageDescriptor(width: 64, height: 64, formats: [fourcc])
      do {
        let plan = try TexturePool(for: [gpu]).plan(for: image)
        return VulkanProbe.RouteEntry(
          fourcc: "\(fourcc)", route: plan.route, heap: plan.heap, reason: plan.obstacle)
      } catch {
        return VulkanProbe.RouteEntry(
          fourcc: "\(fourcc)", route: nil, heap: nil, reason: "Vulkan takes no such images")
      }
    }
  }
}

extension VulkanProbe {
  /// For people.
  var lines: [String] {
    var lines = ["Devices of Vulkan:"]
    if devices.isEmpty && failures.isEmpty { lines.append("  none") }
    for failure in failures { lines.append("  \(failure)") }
    for device in devices { lines += device.lines }
    return lines
  }
}

extension VulkanProbe.Device {
  fileprivate var lines: [String] {
    func word(_ isSo: Bool) -> String { isSo ? "yes" : "no" }
    let imports =
      "imports memory of the process: \(word(importsHostMemory)),"
      + " dma-bufs: \(word(importsDMABufs)); takes any pitch: \(word(takesAnyPitch))"
    var lines = [
      "  \(index): \(name), \(kind), \(driver), Vulkan \(version)", "    UUID \(uuid)",
      "    \(imports)",
    ]
    for type in memory {
      let place = type.heap.map { "\($0), " } ?? ""
      let caching = type.caching ?? "not mapped for the CPU"
      lines.append(
        "    memory type \(type.type), \(type.properties), of \(type.heapMiB) MiB: \(place)\(caching)"
      )
    }
    // Formats that take the same way stand side by side.
    let ways = Dictionary(grouping: routes, by: \.way)
    for (way, entries) in ways.sorted(by: { $0.key < $1.key }) {
      lines.append("    \(entries.map(\.fourcc).joined(separator: " ")): \(way)")
    }
    return lines
  }
}

extension VulkanProbe.RouteEntry {
  fileprivate var way: String {
    let from = heap.map { " from \($0)" } ?? ""
    return (route?.rawValue ?? "none") + from + (reason.map { "; \($0)" } ?? "")
  }
}
