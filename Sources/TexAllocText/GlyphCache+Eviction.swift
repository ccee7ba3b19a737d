internal import TexAlloc
internal import TexAllocAtlas

extension GlyphCache {
  /// A place for a glyph with ink, for which others go where there is no other way.
  ///
  /// - Throws: `FontError.noPlace` or `.full`.
  @inline(__always)
  func place(
    _ shape: GlyphShape, _ index: UInt32, of font: SizedFont
  ) throws(FontError) -> NewCell {
    if let new = atlas.insertOnPages(width: shape.width, height: shape.height) { return new }
    do throws(AtlasError) {
      if let new = try makeRoom(width: shape.width, height: shape.height) { return new }
    } catch { throw .noPlace(font: font.face.name, glyph: index, error) }
    isStarved = true
    frames.patience = 0
    throw .full(font: font.face.name, glyph: index)
  }

  /// A place on a new page, or else that of others.
  private func makeRoom(width: Int, height: Int) throws(AtlasError) -> NewCell? {
    try atlas.refuseTooLarge(width: width, height: height)
    var refusal: AtlasError?
    if frameWithoutPages != frames.current {
      do throws(AtlasError) { return try atlas.insertNew(width: width, height: height) } catch {
        refusal = error
        frameWithoutPages = frames.current
      }
    }
    let border = 2 * atlas.border
    if clearRows(for: ImageSize(width: width + border, height: height + border)) {
      return atlas.insertOnPages(width: width, height: height)
    }
    // Without a page there is nothing that could make room.
    if let refusal, atlas.pages.isEmpty { throw refusal }
    return nil
  }

  /// Has glyphs of some rows of a page go that the GPU is done with, so that there is room for a cell; answers
  /// whether that could be.
  ///
  /// - Parameter size: Pixels of the cell, its borders among them.
  private func clearRows(for size: ImageSize) -> Bool {
    if refused.frame != frames.current { refused = (frames.current, []) }
    if refused.sizes.contains(where: { $0.width <= size.width && $0.height <= size.height }) {
      return false
    }
    frames.look()
    guard
      let clearing = table.clearing(
        for: size, leastRows: leastRows, of: atlas, lastUsedUpTo: frames.done)
    else {
      refused.sizes.append(size)
      frames.patience = 0
      return false
    }
    // What goes next was used not much later.
    let lastUse = clearing.victims.reduce(0) { max($0, table.entries[$1].lastUse) }
    let age = lastUse == 0 ? 0 : frames.current - lastUse
    frames.patience = min(FrameFences.mostPatience, max(1, age / 2) - 1)
    atlas.clear(
      clearing.rows, of: table.cells(of: clearing.victims), around: table.cells(of: clearing.kept))
    table.remove(clearing) { key in fonts.removeGlyph(key) }
    return true
  }
}
