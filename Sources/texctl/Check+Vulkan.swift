internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocJPEG
internal import TexAllocVulkan

extension CheckReport {
  /// The same on a device of Vulkan. Where there is none, there is nothing to check.
  init(ofVulkan files: [String], on options: DeviceOptions) throws {
    var entries: [Entry] = []
    var renderer = ""
    for route in options.routes {
      let opened = Result { () throws(VulkanFailure) in try options.openVulkan(on: route) }
      if case .failure(let failure) = opened, failure.isUnsupported {
        entries += files.map {
          Entry(
            picture: $0, route: route, finisher: .cpu, verdict: .notToBeHad, reason: "\(failure)",
            heap: nil)
        }
        continue
      }
      let gpu = try opened.get()
      renderer = "\(gpu.description)"
      let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
      for file in files {
        Console.progress("\(file), \(route.rawValue)")
        entries.append(
          try Self.check(file, on: gpu, route, from: pool) {
            try Self.difference(between: $0.texels(), and: Self.pixels(of: $1))
          })
        try gpu.collect()
      }
    }
    Console.endProgress()
    let shown = Set(entries.lazy.filter { $0.verdict == .identical }.map(\.picture))
    self.init(
      renderer: renderer.isEmpty ? "no device of Vulkan" : renderer, entries: entries,
      isRight: renderer.isEmpty
        || shown.count == Set(files).count && !entries.contains { $0.verdict == .different })
  }
}
