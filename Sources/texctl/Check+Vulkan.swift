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
        entries.append(try Self.check(file, onVulkan: gpu, route, from: pool))
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

  private static func check(
    _ file: String, onVulkan gpu: VulkanDevice, _ route: Route, from pool: TexturePool
  ) throws -> Entry {
    func entry(_ verdict: Verdict, _ reason: String? = nil, _ heap: String? = nil) -> Entry {
      Entry(
        picture: file, route: route, finisher: .cpu, verdict: verdict, reason: reason, heap: heap)
    }
    let photo = try JPEGImage(contentsOf: FilePath(file))
    let texture: VulkanTexture
    do {
      let buffer = try pool.allocate(photo.descriptor, named: file)
      try photo.decode(into: buffer)
      texture = try gpu.texture(for: buffer)
    } catch let error as AllocationError {
      return entry(.notToBeHad, "\(error)")
    } catch let error as RegistrationRefused {
      return entry(.notToBeHad, "\(error)")
    }
    let reason = try difference(between: texture.texels(), and: pixels(of: photo))
    return entry(reason == nil ? .identical : .different, reason, texture.buffer.heap)
  }
}
