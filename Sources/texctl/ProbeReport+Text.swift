extension ProbeReport {
  /// For people: what matters first.
  var text: String {
    [deviceLines, formatLines, heapLines, limitLines].joined(separator: [""])
      .joined(separator: "\n")
  }

  private var deviceLines: [String] {
    guard let device else { return ["Device: none: \(deviceFailure ?? "")"] }
    return [
      "Device: \(device.driver): \(device.renderer), \(device.version)",
      "  chosen because \(device.chosenBecause)",
      "  import: \(device.importObstacle ?? "yes")",
      "  quirks: "
        + (device.quirks.isEmpty
          ? "none known"
          : device.quirks.map { "\($0.name), because \($0.reason)" }.joined(separator: "; ")),
      "  largest texture: \(device.maxTextureSize)",
      "  EGL client extensions: " + device.clientExtensions.joined(separator: " "),
      "  EGL display extensions: " + device.displayExtensions.joined(separator: " "),
    ]
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

  private var limitLines: [String] {
    [
      "Limits: \(limits.descriptors) descriptors, \(limits.mappings) mappings:"
        + " at most \(limits.liveImages) images live at once"
    ]
  }
}
