internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocVulkan

extension GlyphDemo {
  /// Scrolls through a folder twice: with the loader's own way to the GPU, and with the stock way, in which
  /// the render thread uploads each picture as soon as it is decoded.
  func runGallery(of folder: String) async throws {
    guard PhotoSearch.isFolder(folder) else {
      throw ProgramFailure("--gallery \(folder): is no folder")
    }
    let paths = PhotoSearch.pictures(below: folder)
    guard !paths.isEmpty else { throw ProgramFailure("--gallery \(folder): there are no pictures") }
    let frames = frames ?? 600
    let layout = GalleryLayout(of: paths.count, size: size)
    let plot = output ?? "out/gallery.svg"
    if output == nil { try FilePath("out").makeFolder() }
    let stem = plot.hasSuffix(".svg") ? String(plot.dropLast(4)) : plot
    let shots = Set(shots.isEmpty ? [frames / 4, frames / 2, frames - 1] : shots)
    let ours = GalleryRun(
      paths: paths, layout: layout, frames: frames, budget: .milliseconds(1))
    let size = size
    let write: @Sendable ([UInt8], String) throws -> Void = { pixels, part in
      try PNGFile(width: size.width, height: size.height, rgba: pixels)
        .write(to: FilePath("\(stem)-\(part).png"))
    }
    let take: @Sendable (Int, [UInt8]) throws -> Void = { number, pixels in
      let digits = String(number)
      try write(pixels, String(repeating: "0", count: max(0, 5 - digits.count)) + digits)
    }
    let stock = GalleryRun(paths: paths, layout: layout, frames: frames, budget: .seconds(10))
    let (first, second, way) = try await passes(ours, stock, shots: shots, take: take)
    Console.endProgress()
    try write(first.end, "end")
    var notes = first.notes
    if let against {
      let end = PNGFile(width: size.width, height: size.height, rgba: first.end)
      notes.append(try compare(end, with: against))
    }
    let other =
      api == .gl
      ? "Stock: decoded in threads, glTexSubImage2D on the render thread"
      : "Decoded in threads, the GPU copies"
    let passes = [
      GalleryPlot.Pass(title: "TexAlloc: \(way), within 1 ms a frame", frames: first.frames),
      GalleryPlot.Pass(title: other, frames: second),
    ]
    let picture = GalleryPlot(title: "\(paths.count) pictures, \(frames) frames", passes: passes)
    try TextFile.write(picture.svg, to: FilePath(plot))
    let total = { (frames: [GalleryRun.Frame]) in
      frames.map(\.total).reduce(0, +) / Double(max(1, frames.count))
    }
    let lines =
      ["\(plot): \(paths.count) pictures"]
      + passes.map { "\($0.title)\n          \(GalleryPlot.figures($0.frames))" }
      + [
        "frames    \(Int(total(first.frames))) and \(Int(total(second))) ms each, drawing included"
      ]
    print((lines + notes.map { "note      \($0)" }).joined(separator: "\n"))
  }

  /// By the API that was asked for: with the loader's own way to the GPU, and with the other one.
  private func passes(
    _ ours: GalleryRun, _ stock: GalleryRun, shots: Set<Int>,
    take: @escaping @Sendable (Int, [UInt8]) throws -> Void
  ) async throws -> (GalleryRun.Outcome, [GalleryRun.Frame], way: String) {
    func way(_ count: (Route) -> Int) -> String {
      Route.allCases.filter { count($0) > 0 }.map(\.rawValue).joined(separator: ", ")
    }
    switch api {
    case .gl:
      let (first, statistics) = try await device.openThread().run { thread in
        let outcome = try ours.run(on: thread, shots: shots, take: take)
        return (outcome, thread.gpu.statistics)
      }
      let second = try await device.openThread(on: .uploaded).run { thread in
        try stock.run(on: thread).frames
      }
      return (first, second, way { statistics.textures($0) })
    case .vulkan:
      let gpu = try device.openVulkan()
      let first = try ours.run(on: gpu, shots: shots, take: take)
      let second = try stock.run(on: device.openVulkan(on: .transferred)).frames
      return (first, second, way { gpu.statistics.textures($0) })
    }
  }
}
