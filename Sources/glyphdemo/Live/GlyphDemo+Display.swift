internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocAssets
internal import TexAllocEGL
internal import TexAllocJPEG
internal import TexAllocKMS
internal import TexAllocText
internal import TexAllocV4L2

/// The whole pipeline: a camera, a decoder and the CPU write pictures where the GPU samples them, and the GPU
/// renders a page of them where a display shows it. Nobody allocates but the application; each buffer is in
/// memory that all who touch it have agreed on.
extension GlyphDemo {
  /// Shows pages until as many were shown as were asked for, or somebody interrupts.
  ///
  /// Where the camera or the decoder is missing, the page says so; without a display there is none.
  func showPage(on name: String) async throws {
    let interruption = Interruption()
    let display = try Display.named(name.isEmpty ? nil : name, wantedSize)
    // Before a driver of OpenGL opens its node.
    try display.rule()
    defer { display.stop() }
    try await device.openThread().run { thread in
      let show = try await LiveShow(on: display, by: thread, self)
      let pictures = try show.run(until: interruption, frames: frames)
      if let output, let picture = try show.picture() { try picture.write(to: FilePath(output)) }
      let report = try show.end(after: pictures)
      if let path = self.report { try TextFile.write(report.json + "\n", to: FilePath(path)) }
      print(report.summary)
    }
  }
}

/// What is shown on a display, from the first picture to the last. It lives on the render thread.
final class LiveShow {
  private let gpu: EGLDevice
  private let display: Display
  /// Pictures of the page, two or three, shown in turn.
  private let screen: Screen
  private let camera, stream: LivePlace
  private let page: Page
  private let painter: PagePainter<Texture>
  private let glyphs: GlyphCache
  private let photos: [LoadedTexture<Texture>]
  private let notes: [String]
  /// Draws into whichever picture is next.
  private var canvas: Canvas?
  /// The picture that was drawn last, as it is shown.
  private var last: RenderTarget?

  /// Opens what there is, and lays out the page.
  init(on display: Display, by thread: isolated RenderThread, _ demo: GlyphDemo) async throws {
    let gpu = thread.gpu
    (self.gpu, self.display) = (gpu, display)
    let heaps = try demo.heaps() ?? Heaps.present()
    // What the display and the GPU agree on, and so for the others.
    screen = try display.start(for: [gpu], from: heaps)
    camera = LivePlace("camera") { try LiveCamera(for: gpu, from: heaps) }
    stream = LivePlace("stream") { try LiveStream(of: demo.stream, for: gpu, from: heaps) }
    let pool = try TexturePool(
      for: [gpu, JPEGDecoder.component, GlyphCache.component], from: heaps)
    let (photos, missing) = try await demo.load(by: Assets(gpu: gpu, pool: pool), atMost: 6)

    let fonts = try FontFallback(library: FontLibrary())
    page = try Page(
      live: [camera.caption, stream.caption], photographs: photos.map(GlyphDemo.caption),
      size: display.mode.size, fonts: fonts)
    glyphs = GlyphCache(in: pool, for: gpu)
    painter = try PagePainter(page, photos: photos, glyphs: glyphs)
    try glyphs.flush()
    (self.photos, notes) = (photos, missing + fonts.notes)
  }

  /// - Returns: How many pictures were shown.
  func run(until interruption: Interruption, frames: Int?) throws -> Int {
    Console.say(
      "glyphdemo: showing on \(display.name), \(display.mode)"
        + (frames == nil ? ": Ctrl-C ends it" : ""))
    var shown = 0
    while shown < frames ?? .max {
      for place in [camera, stream] { place.advance { interruption.hasHappened } }
      if interruption.hasHappened { break }
      guard let buffer = try screen.next() else {
        if interruption.hasHappened { break }
        throw Self.isStuck
      }
      let target = try gpu.registerForRendering(buffer)
      try paint(into: target)
      try screen.show(buffer, after: target.finish())
      last = target
      try gpu.collect()
      shown += 1
    }
    guard try display.wait(until: .now + .seconds(10)) || interruption.hasHappened else {
      throw Self.isStuck
    }
    return shown
  }

  private static let isStuck = ProgramFailure("the screen takes no picture in 10 s")

  private func paint(into target: RenderTarget) throws {
    let size = page.size
    let canvas =
      try canvas
      ?? Canvas(width: size.width, height: size.height, framebuffer: target.framebuffer)
    self.canvas = canvas
    canvas.move(to: target.framebuffer)
    try painter.paint(on: canvas, glyphsFrom: glyphs.pages, of: gpu)
    for (place, frame) in zip([camera, stream], page.live) {
      place.draw { picture in
        let texture = try gpu.texture(for: picture.buffer)
        try canvas.draw([Canvas.Quad(filling: frame, with: picture.region)], image: texture)
      }
    }
  }

  /// What the display shows now, as the GPU reads it; nil where no picture was shown.
  func picture() throws -> PNGFile? {
    guard let canvas else { return nil }
    return PNGFile(width: canvas.width, height: canvas.height, rgba: try canvas.readPixels())
  }

  /// Everybody lets go of the buffers, and the display shows what it did before.
  func end(after pictures: Int) throws -> LiveReport {
    (canvas, last) = (nil, nil)
    let sources = [camera.end(), stream.end()]
    display.stop()
    try gpu.collect()
    return LiveReport(
      display: .init(display, screen, gpu, pictures: pictures), sources: sources,
      photos: photos.map { TextureReport($0.texture, as: $0.header.size) }, notes: notes)
  }
}
