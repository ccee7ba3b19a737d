internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocAtlas
internal import TexAllocText

/// Pictures of a glyph cache's pages: what is on them as PNG, how they are packed as SVG.
struct AtlasDump {
  private let cache: GlyphCache

  init(of cache: GlyphCache) { self.cache = cache }

  /// Writes `page-0.png`, `page-0.svg` and so on into a folder, which is made where it is not there.
  func write(to folder: FilePath) throws {
    try folder.makeFolder()
    for page in cache.pages {
      let name = "page-\(page.number)"
      try PNGFile(
        width: page.size.width, height: page.size.height,
        rgba: page.pixels.flatMap { [$0, $0, $0, 255] }
      ).write(to: folder.appending(name + ".png"))
      try TextFile.write(packing(of: page), to: folder.appending(name + ".svg"))
    }
  }

  private func packing(of page: AtlasPage) -> String {
    let (width, height) = (page.size.width, page.size.height)
    let cells = cache.glyphs(onPage: page.number).compactMap(\.cell?.rectangle)
    let rectangles = cells.map { cell in
      """
      <rect x="\(cell.x - 1)" y="\(cell.y - 1)" width="\(cell.width + 2)" height="\(cell.height + 2)"\
       fill="#cfe0f3" stroke="#33557a" stroke-width="0.4"/>
      """
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)">
      <title>page \(page.number): \(cells.count) glyphs, \(Int(page.occupancy * 100)) % full</title>
      <rect width="\(width)" height="\(height)" fill="#fff"/>
      \(rectangles.joined(separator: "\n"))
      </svg>

      """
  }
}
