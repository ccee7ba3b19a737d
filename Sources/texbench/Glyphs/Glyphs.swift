internal import ArgumentParser
internal import ProgramSupport
internal import SystemPackage
internal import TexAllocText

struct Glyphs: Measurement {
  static let configuration = CommandConfiguration(
    commandName: "glyphs", abstract: "From a font to glyphs that the GPU samples.")

  @Option(help: "A font file.")
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
          item: "glyph", rival: GlyphRoutes.rival, routes: routes.all))
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
