internal import ProgramSupport
internal import TexAlloc
internal import TexAllocAssets
internal import TexAllocAtlas
internal import TexAllocText

/// Draws a page: a batch for each photograph, and one for each page of glyphs.
struct PagePainter<Handle: Registration> {
  private let pictures: [(texture: Handle, quad: Canvas.Quad)]
  private let rectangles: [Canvas.Quad]
  /// By the number of their page of the glyph cache.
  private let glyphs: [Int: [Canvas.Quad]]

  /// Has every glyph of the page rasterised, but not yet flushed.
  ///
  /// - Parameter photos: In the order in which the page numbers them.
  init(_ page: Page, photos: [LoadedTexture<Handle>], glyphs cache: GlyphCache) throws(FontError) {
    pictures = page.pictures.map { picture in
      let photo = photos[picture.photo]
      return (photo.texture, Canvas.Quad(filling: picture.frame, with: photo))
    }
    rectangles = page.rectangles.map { Canvas.Quad($0.frame, tint: $0.colour) }
    var batches: [Int: [Canvas.Quad]] = [:]
    for text in page.texts {
      for glyph in text.layout.glyphs {
        let cached = try cache.glyph(glyph.index, of: glyph.face, pixelSize: glyph.pixelSize)
        guard let cell = cached.cell else { continue }
        // On whole pixels, where a texel is a pixel and stays sharp.
        let x = (text.x + glyph.x).rounded() + Double(cached.left)
        let y = (text.y + glyph.baseline).rounded() - Double(cached.top)
        batches[cell.page, default: []].append(
          Canvas.Quad(cell.rectangle, at: (x, y), tint: text.colour))
      }
    }
    glyphs = batches
  }

  /// Draws the page. The glyphs are on their pages by now.
  func paint<Drawn: PageCanvas, Device: Registrar>(
    on canvas: Drawn, glyphsFrom pages: [AtlasPage], of gpu: Device
  ) throws where Drawn.Handle == Handle, Device.Handle == Handle {
    canvas.clear(Page.background)
    try canvas.fill(rectangles)
    for picture in pictures { try canvas.draw([picture.quad], image: picture.texture) }
    for page in pages {
      guard let quads = glyphs[page.number], let texture = page.texture(on: gpu) else { continue }
      try canvas.draw(quads, coverage: texture)
    }
  }
}

extension Canvas.Quad {
  init(_ frame: Page.Frame, tint: SIMD4<Float>) {
    self.init(
      x: Float(frame.x), y: Float(frame.y), width: Float(frame.width),
      height: Float(frame.height), tint: tint)
  }

  /// The middle of a photograph, upright, as much of it as has the shape of the frame.
  init(filling frame: Page.Frame, with photo: LoadedTexture<some Registration>) {
    self.init(
      filling: frame, with: ImageRegion(of: photo.header.descriptor.size), photo.header.orientation)
  }

  /// The middle of a region of texels, as much of it as has the shape of the frame.
  init(
    filling frame: Page.Frame, with region: ImageRegion, _ orientation: Orientation = .upright
  ) {
    self.init(frame, tint: .one)
    self.orientation = orientation
    let shown = orientation.upright(region.size)
    let scale = max(frame.width / Double(shown.width), frame.height / Double(shown.height))
    let (width, height) = (Float(frame.width / scale), Float(frame.height / scale))
    (texelWidth, texelHeight) = orientation.swapsSides ? (height, width) : (width, height)
    u = Float(region.x) + (Float(region.width) - texelWidth) / 2
    v = Float(region.y) + (Float(region.height) - texelHeight) / 2
  }

  /// Texels of a page, one a pixel.
  init(
    _ cell: TexelRectangle, at place: (x: Double, y: Double), tint: SIMD4<Float>
  ) {
    self.init(
      x: Float(place.x), y: Float(place.y), width: Float(cell.width), height: Float(cell.height),
      u: Float(cell.x), v: Float(cell.y), texelWidth: Float(cell.width),
      texelHeight: Float(cell.height), tint: tint)
  }
}
