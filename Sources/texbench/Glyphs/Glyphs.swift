internal import ArgumentParser
internal import ProgramSupport
internal import SystemPackage
internal import TexAllocText
internal import TexAllocVulkan

struct Glyphs: Measurement {
  static let configuration = CommandConfiguration(
    commandName: "glyphs", abstract: "From a font to glyphs that the GPU samples.",
    discussion: """
      FreeType alone is FT_Load_Glyph with FT_LOAD_RENDER of the same glyphs at the same size and with the \
      same hinting; at quarters of a pixel, FT_Load_Glyph, FT_Outline_Translate and FT_Render_Glyph. \
      Nobody keeps or copies what it draws: places on a page, the page itself, the table and the flush \
      are the cache's own.
      """)

  @Option(help: ArgumentHelp("A font file.", valueName: "file"), completion: .file())
  var font = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"

  @Option(help: "Frames of a cache that is full, whose leavings are looked for; absent: by effort.")
  var frames: Int?

  @OptionGroup var options: RunOptions

  func validate() throws {
    guard 10...10_000_000 ~= frames ?? 10 else {
      throw ValidationError("--frames is 10 to 10000000")
    }
  }

  func measure(on bench: Bench) throws {
    guard let gpu = bench.gpu else {
      return bench.leaveOut("every route to a glyph page", because: "there is no GPU")
    }
    let face: FontFace
    do { face = try FontFace(contentsOf: FilePath(font), in: FontLibrary()) } catch {
      return bench.leaveOut("every glyph", because: "\(error)")
    }
    for (pixelSize, hinting) in [
      (16, .none), (16, .light), (32, .none), (32, .light),
    ] as [(Double, Hinting)] {
      let routes = try GlyphRoutes(face, pixelSize: pixelSize, hinting: hinting, on: gpu)
      bench.compare(
        Comparison(
          title: "\(routes.glyphs.count) glyphs of \(Int(pixelSize)) pixels, hinting \(hinting)",
          item: "glyph", rival: GlyphRoutes.rival, isMain: true, routes: routes.all))
    }
    if let vulkan = bench.vulkanPools(options) {
      for pixelSize in [16.0, 32] {
        bench.compare(try onVulkan(face, pixelSize: pixelSize, vulkan))
      }
    }
    let steady = try SteadyGlyphs(face, on: gpu)
    for pixelSize in [16.0, 32] { bench.compare(steady.evicting(pixelSize: pixelSize)) }
    bench.compare(steady.finding)
    for pixelSize in [16.0, 32] { bench.compare(steady.handingOver(pixelSize: pixelSize)) }
    do { bench.add(try steady.allocations()) } catch {
      bench.leaveOut("allocations of a frame of glyphs", because: "\(error)")
    }
    bench.compare(GlyphGrowth(face, on: gpu).comparison)
    let frames = frames ?? bench.effort.frames
    do {
      let figures = try EnduringGlyphs(face, on: gpu).figures(over: frames) {
        Console.progress("frames of glyphs in random sizes: \($0) of \(frames)")
      }
      for figure in figures { bench.add(figure) }
    } catch { bench.leaveOut("what frames of glyphs leave", because: "\(error)") }
  }
}

extension Glyphs {
  /// Onto pages of each type of memory of a device of Vulkan.
  private func onVulkan(
    _ face: FontFace, pixelSize: Double, _ vulkan: VulkanPools
  ) throws -> Comparison {
    let bare = try GlyphRoutes(face, pixelSize: pixelSize, hinting: .none, on: vulkan.gpu)
    let routes = try vulkan.heaps.flatMap { heap in
      try GlyphRoutes(
        face, pixelSize: pixelSize, hinting: .none, on: vulkan.gpu,
        in: (heap.label, { try vulkan.pool(on: heap, with: GlyphCache.component) })
      ).ofMemory
    }
    return Comparison(
      title: "\(bare.glyphs.count) glyphs of \(Int(pixelSize)) pixels on Vulkan,"
        + " \(vulkan.gpu.description.name)", item: "glyph", routes: [bare.bare] + routes)
  }
}

extension Effort {
  /// Of a cache that is full.
  fileprivate var frames: Int {
    switch self {
    case .quick: 2_000
    case .normal: 20_000
    case .full: 100_000
    }
  }
}
