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
    while clearRows(width: width, height: height) {
      if let new = atlas.insertOnPages(width: width, height: height) { return new }
    }
    while evictOne() {
      if let new = atlas.insertOnPages(width: width, height: height) { return new }
    }
    // Without a page there is nothing that could make room.
    if let refusal, atlas.pages.isEmpty { throw refusal }
    return nil
  }

  /// Has all glyphs of some rows of a page go, if the GPU is done with them: what comes next finds its place
  /// there as on a new page. Answers whether they went.
  private func clearRows(width: Int, height: Int) -> Bool {
    guard leastRows > 0, frameWithoutRows != frames.current else { return false }
    frames.look()
    let border = 2 * atlas.border
    let size = ImageSize(width: width + border, height: max(height + border, leastRows))
    guard
      let (rows, victims) = table.rowsToClear(
        atlas.rowsInTurn(size), or: size, ofPages: pages, lastUsedUpTo: frames.done)
    else {
      frameWithoutRows = frames.current
      frames.patience = 0
      return false
    }
    // What goes next was used not much later.
    let lastUse = victims.reduce(0) { max($0, table.entries[$1].lastUse) }
    frames.patience = min(FrameFences.mostPatience, (frames.current - lastUse) / 2)
    atlas.clear(rows, of: victims.compactMap { table.entries[$0].glyph.cell })
    for victim in victims { forget(victim) }
    return true
  }

  /// Has the glyph go that was not used for longest, if the GPU is done with one; answers whether one went.
  private func evictOne() -> Bool {
    while true {
      // Some were used since, or are gone and others in their place.
      while let last = victims.last, table.entries[last.entry].lastUse != last.lastUse {
        victims.removeLast()
      }
      if let victim = victims.popLast() {
        if let cell = table.entries[victim.entry].glyph.cell { atlas.remove(cell) }
        forget(victim.entry)
        return true
      }
      frames.look()
      victims = table.victims(lastUsedUpTo: frames.done)
      if victims.isEmpty { return false }
    }
  }

  private func forget(_ entry: Int) {
    fonts.removeGlyph(table.keys[entry])
    table.remove(entry)
  }
}
