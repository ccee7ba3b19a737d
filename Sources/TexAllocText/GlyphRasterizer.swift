internal import Synchronization
internal import TexAlloc
internal import TexAllocAtlas

/// Draws glyphs on threads that somebody lends, into memory of its own.
///
/// FreeType is not for two threads at a time, so each job has a library with faces of its own for as long
/// as it runs; there are as many as jobs have run at once, and each keeps some faces open.
final class GlyphRasterizer: Sendable {
  private let workers: any Workers
  private let libraries = Mutex<[OwnLibrary]>([])
  private let finished = Mutex<[DrawnGlyphs]>([])

  init(_ workers: any Workers) { self.workers = workers }

  /// Has glyphs drawn some time, in as many jobs as may run at once.
  func begin(_ requests: [GlyphRequest]) {
    let share = max(Self.smallestShare, requests.count.dividedRoundingUp(by: workers.count))
    for start in stride(from: 0, to: requests.count, by: share) {
      let part = Array(requests[start..<min(start + share, requests.count)])
      workers.begin { [self] in
        let library = libraries.withLock { $0.popLast() } ?? OwnLibrary()
        let drawn = library.draw(part)
        libraries.withLock { $0.append(library) }
        finished.withLock { $0.append(drawn) }
      }
    }
  }

  /// What was drawn since the last time.
  func takeFinished() -> [DrawnGlyphs] {
    finished.withLock { finished in
      if finished.isEmpty { return [] }
      defer { finished = [] }
      return finished
    }
  }

  /// Fewer glyphs are not worth a thread.
  private static let smallestShare = 16
}

/// A glyph that is to be drawn, without anything that belongs to a thread.
struct GlyphRequest: Sendable {
  let key: UInt64
  let glyph: UInt32
  let quarters: Quarters
  let source: FontSource
  let size: GlyphSize
  let mode: GlyphMode
}

/// What came of one job.
struct DrawnGlyphs: Sendable {
  struct Drawn: Sendable {
    let glyph: UInt32
    let shape: GlyphShape
    /// Where its coverage begins, row behind row without padding.
    let start: Int
  }

  var outcomes: [(key: UInt64, outcome: Result<Drawn, FontError>)] = []
  private var coverage: [UInt8] = []

  mutating func draw(
    _ request: GlyphRequest, with face: FontFace
  ) throws(FontError) -> Drawn {
    let shape = try face.load(
      request.glyph, size: request.size, mode: request.mode, quarters: request.quarters)
    let start = coverage.count
    guard shape.hasInk else { return Drawn(glyph: request.glyph, shape: shape, start: start) }
    coverage += repeatElement(0, count: shape.width * shape.height)
    try unsafe coverage.withUnsafeMutableBufferPointer { coverage throws(FontError) in
      guard let first = coverage.baseAddress else { return }
      // There is room for all rows.
      try unsafe face.draw(
        request.glyph, shape, at: request.quarters,
        in: CellMemory(start: first + start, pitch: shape.width))
    }
    return Drawn(glyph: request.glyph, shape: shape, start: start)
  }

  @unsafe func copy(_ drawn: Drawn, to cell: CellMemory) {
    let width = drawn.shape.width
    for y in 0..<drawn.shape.height {
      let (row, start) = unsafe (cell.start + y * cell.pitch, drawn.start + y * width)
      for x in 0..<width { unsafe row[x] = coverage[start + x] }
    }
  }
}

/// A library and its faces, for one job at a time.
private final class OwnLibrary: @unchecked Sendable {
  private var library: FontLibrary?
  /// The one that was used last comes last.
  private var faces: [FontFace] = []

  private static let faceLimit = 16

  func draw(_ requests: [GlyphRequest]) -> DrawnGlyphs {
    var drawn = DrawnGlyphs()
    for request in requests {
      let outcome = Result { () throws(FontError) -> DrawnGlyphs.Drawn in
        try drawn.draw(request, with: face(request.source))
      }
      drawn.outcomes.append((request.key, outcome))
    }
    return drawn
  }

  private func face(_ source: FontSource) throws(FontError) -> FontFace {
    if let last = faces.last, last.source == source { return last }
    if library == nil { library = try FontLibrary() }
    guard let library else { preconditionFailure("a library was made") }
    let face: FontFace
    if let known = faces.firstIndex(where: { $0.source == source }) {
      face = faces.remove(at: known)
    } else {
      face = try FontFace(source, in: library)
      if faces.count == Self.faceLimit { faces.removeFirst() }
    }
    faces.append(face)
    return face
  }
}

/// The glyphs that workers draw for a cache, and with what they could not.
struct GlyphRequests {
  private struct Entry {
    /// Kept until then, so that its number is no other font's.
    let font: SizedFont
    var failure: FontError?
  }

  private var entries: [UInt64: Entry] = [:]
  private var wanted: [GlyphRequest] = []

  /// How many are remembered; those that failed are forgotten where there are more.
  private static let limit = 4096

  /// - Throws: What went wrong with it the last time.
  mutating func add(
    _ key: UInt64, _ glyph: UInt32, of font: SizedFont, at quarters: Quarters
  ) throws(FontError) {
    if let entry = entries[key] {
      if let failure = entry.failure { throw failure }
      return
    }
    if entries.count >= Self.limit { entries = entries.filter { $0.value.failure == nil } }
    entries[key] = Entry(font: font)
    wanted.append(
      GlyphRequest(
        key: key, glyph: glyph, quarters: quarters, source: font.face.source, size: font.size,
        mode: font.mode))
  }

  /// What was asked for since the last time.
  mutating func takeWanted() -> [GlyphRequest] {
    if wanted.isEmpty { return [] }
    defer { wanted = [] }
    return wanted
  }

  /// Takes note of an outcome; answers the font of the glyph.
  mutating func finish(
    _ key: UInt64, _ outcome: Result<DrawnGlyphs.Drawn, FontError>
  ) -> SizedFont? {
    if case .failure(let failure) = outcome {
      entries[key]?.failure = failure
      return nil
    }
    return entries.removeValue(forKey: key)?.font
  }
}
