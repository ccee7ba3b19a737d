internal import ArgumentParser
internal import ProgramSupport
internal import SystemPackage
internal import TexAllocText

struct Glyphs: Measurement {
  static let configuration = CommandConfiguration(
    commandName: "glyphs", abstract: "From a font to glyphs that the GPU samples.")

  @Option(help: "A font file.")
  var font = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"

  @OptionGroup var options: RunOptions

  func measure(on bench: Bench) throws {
    guard let gpu = bench.gpu else {
      return bench.leaveOut("every route to a glyph page", because: "there is no GPU")
    }
    let face: FontFace
    do { face = try FontFace(contentsOf: FilePath(font), in: FontLibrary()) } catch {
      return bench.leaveOut("every glyph", because: "\(error)")
    }
    for hinting in [Hinting.none, .light] {
      let routes = try GlyphRoutes(face, hinting: hinting, on: gpu)
      bench.compare(
        Comparison(
          title: "\(routes.glyphs.count) glyphs of 16 pixels, hinting \(hinting)", item: "glyph",
          rival: GlyphRoutes.rival, routes: routes.all))
    }
    bench.compare(GlyphGrowth(face, on: gpu).comparison)
  }
}
