internal import ArgumentParser
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocJPEG
internal import TexAllocText

/// Draws a page of photographs and text through texture memory.
@main
struct GlyphDemo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "glyphdemo",
    abstract: "Draw a page of photographs and text through texture memory, without a copy.")

  @Option(help: "The paragraph to set instead of the page's own.")
  var text = Sample.paragraph

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("JPEG files and folders of them.", valueName: "path"), completion: .file())
  var photos: [String] = []

  @Option(
    name: .customLong("size"),
    help: "Pixels of the picture: 1280x800 where absent, those of a display its own mode's.",
    transform: ImageSize.argument)
  var wantedSize: ImageSize?

  @Option(
    defaultAsFlag: "",
    help: ArgumentHelp(
      "Show a camera's pictures, a stream, photographs and text on a display instead.",
      discussion: "By a connector, a driver or a node; without, on the first with a screen."
        + " Ctrl-C or --frames ends it; the display then shows what it did before.",
      valueName: "name"))
  var display: String?

  @Option(
    help: ArgumentHelp(
      "The file of FWHT pictures that a decoder of this machine decodes for a display.",
      valueName: "file"),
    completion: .file())
  var stream: String?

  @Option(
    help: ArgumentHelp(
      "A folder of pictures to scroll through instead: each frame's time is plotted.",
      valueName: "folder"),
    completion: .directory)
  var gallery: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Frames of the gallery that are written as PNG.", valueName: "frame"))
  var shots: [Int] = []

  @Option(
    help: ArgumentHelp(
      "How often the page is drawn: once where absent, the gallery 600 times, a display without end.",
      valueName: "count"))
  var frames: Int?

  @Option(
    help: ArgumentHelp(
      "The heap that memory comes from; texctl probe lists them.", valueName: "name"))
  var heap: String?

  @Option(help: "What the page is drawn with.")
  var api = GraphicsAPI.gl

  @OptionGroup var device: DeviceOptions

  @Option(
    name: .short,
    help: ArgumentHelp(
      "The file to write: a PNG, glyphdemo.png; of a gallery the SVG, out/gallery.svg.",
      discussion: "Beside the SVG are the frames of --shots and, with all its pictures, the last,"
        + " out/gallery-end.png. Of a display it is the last picture, where the file is named"
        + " and one was shown.",
      valueName: "file"),
    completion: .file())
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Another picture of the page, by another API: an error where a level differs by more than 2.",
      valueName: "file"),
    completion: .file())
  var against: String?

  @Option(
    help: ArgumentHelp("A file for what was done, as JSON.", valueName: "file"),
    completion: .file())
  var report: String?

  @Option(
    help: ArgumentHelp(
      "Scroll so many frames of a long text through a cache that is too small for it.",
      valueName: "frames"))
  var scroll: Int?

  @Option(
    help: ArgumentHelp(
      "A folder for pictures of the glyphs' pages, and of how they are packed.",
      valueName: "folder"),
    completion: .directory)
  var dumpAtlas: String?

  static func main() async { await runToExit() }

  var size: ImageSize { wantedSize ?? ImageSize(width: 1280, height: 800) }

  func validate() throws {
    guard 2...1_000_000 ~= scroll ?? 2 else { throw ValidationError("--scroll is 2 to 1000000") }
    guard 1...1_000_000 ~= frames ?? 1 else { throw ValidationError("--frames is 1 to 1000000") }
    guard 64...16384 ~= size.width, 64...16384 ~= size.height else {
      throw ValidationError("--size is 64x64 to 16384x16384")
    }
    if api == .vulkan, scroll != nil || display != nil {
      throw ValidationError("--scroll and --display draw with OpenGL: leave --api out")
    }
    guard [gallery != nil, scroll != nil, display != nil].count(where: { $0 }) <= 1 else {
      throw ValidationError("one of --gallery, --scroll and --display")
    }
    guard stream == nil || display != nil else {
      throw ValidationError("--stream is shown on a display: add --display")
    }
  }

  func run() async throws {
    do {
      if let gallery { return try await runGallery(of: gallery) }
      if let display { return try await showPage(on: display) }
      if let scroll {
        return try await device.openThread().run { try self.scroll(scroll, on: $0) }
      }
      try await drawPage()
    } catch {
      Console.endProgress()
      Console.say("glyphdemo: \(error)")
      throw ExitCode(1)
    }
  }

  private func scroll(_ frames: Int, on thread: isolated RenderThread) throws {
    let gpu = thread.gpu
    let pool = try TexturePool(for: [gpu, GlyphCache.component], from: try heaps())
    let fonts = try FontFallback(library: FontLibrary())
    let text = try ScrollText(keys: 20_000, width: Double(size.width), fonts: fonts)
    let report = try Scroll(text, frames: frames, size: size, on: gpu, pool).run { frame in
      Console.progress("frame \(frame) of \(frames)")
    } atEnd: { cache, pixels in
      try PNGFile(width: size.width, height: size.height, rgba: pixels)
        .write(to: FilePath(output ?? "glyphdemo.png"))
      try dump(cache)
    }
    Console.endProgress()
    if let path = self.report { try TextFile.write(report.json + "\n", to: FilePath(path)) }
    print(([report.summary] + fonts.notes.map { "note      \($0)" }).joined(separator: "\n"))
    guard report.differentFrames.isEmpty else {
      throw ProgramFailure("frames differ: \(report.differentFrames.count)")
    }
  }

  func dump(_ cache: GlyphCache) throws {
    guard let dumpAtlas else { return }
    try AtlasDump(of: cache).write(to: FilePath(dumpAtlas))
  }

  func heaps() throws -> [any Heap]? {
    guard let heap else { return nil }
    let present = Heaps.present()
    let chosen = present.filter { $0.name == heap }
    guard !chosen.isEmpty else {
      let names = present.map(\.name).joined(separator: ", ")
      throw ProgramFailure("--heap \(heap): this machine has \(names)")
    }
    return chosen
  }
}
