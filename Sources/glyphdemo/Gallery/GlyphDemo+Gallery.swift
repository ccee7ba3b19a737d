internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocEGL

extension GlyphDemo {
  /// Scrolls through a folder twice: with the loader's own way to the GPU, and with the stock way, in which
  /// the render thread uploads each picture as soon as it is decoded.
  func runGallery(of folder: String) async throws {
    let paths = PhotoSearch.pictures(below: folder)
    guard !paths.isEmpty else { throw ProgramFailure("--gallery \(folder): there are no pictures") }
    let frames = frames ?? 600
    let layout = GalleryLayout(of: paths.count, size: size)
    let plot = output ?? "out/gallery.svg"
    let stem = plot.hasSuffix(".svg") ? String(plot.dropLast(4)) : plot
    let shots = Set(shots.isEmpty ? [frames / 4, frames / 2, frames - 1] : shots)
    let ours = GalleryRun(
      paths: paths, layout: layout, frames: frames, budget: .milliseconds(1))
    let size = size
    let (first, notes, way) = try await device.openThread().run { thread in
      let (frames, notes) = try ours.run(on: thread, shots: shots) { number, pixels in
        let digits = String(number)
        let name = stem + "-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        try PNGFile(width: size.width, height: size.height, rgba: pixels)
          .write(to: FilePath(name + ".png"))
      }
      let statistics = thread.gpu.statistics
      let routes = Route.allCases.filter { statistics.textures($0) > 0 }.map(\.rawValue)
      return (frames, notes, routes.joined(separator: ", "))
    }
    let stock = GalleryRun(paths: paths, layout: layout, frames: frames, budget: .seconds(10))
    let second = try await device.openThread(on: .uploaded).run { thread in
      try stock.run(on: thread).frames
    }
    Console.endProgress()
    let passes = [
      GalleryPlot.Pass(title: "TexAlloc: \(way), within 1 ms a frame", frames: first),
      GalleryPlot.Pass(
        title: "Stock: decoded in threads, glTexSubImage2D on the render thread", frames: second),
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
        "frames    \(Int(total(first))) and \(Int(total(second))) ms each, drawing included"
      ]
    print((lines + notes.map { "note      \($0)" }).joined(separator: "\n"))
  }
}
