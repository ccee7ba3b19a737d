internal import CFreeType
internal import CRaqm
internal import TexAllocText

extension Paragraph {
  /// The glyphs of a part that stands on one line: kerned, joined, from left to right. raqm makes
  /// them, with HarfBuzz and fribidi.
  ///
  /// - Throws: `FontError` where a face has no such size, or `ShapingFailure`.
  func shape(_ part: Range<Int>) throws -> [ShapedGlyph] {
    guard !part.isEmpty else { return [] }
    guard let line = unsafe raqm_create() else { throw ShapingFailure(characters[part]) }
    defer { unsafe raqm_destroy(line) }
    let text = characters[part].map(\.value)
    // raqm copies the text; the faces live as long as the paragraph.
    var isReady =
      unsafe raqm_set_text(line, text, text.count)
      && raqm_set_par_direction(line, direction.forRaqm)
      && raqm_set_freetype_load_flags(line, Hinting.none.loadFlags)
    if let language = style.font.language {
      isReady = unsafe isReady && raqm_set_language(line, language, 0, text.count)
    }
    for range in runs(of: part) {
      let face = faces[range.lowerBound]
      try face.select(face.size(pixels: style.pixelSize))
      isReady =
        unsafe isReady
        && raqm_set_freetype_face_range(
          line, face.handle, range.lowerBound - part.lowerBound, range.count)
    }
    guard isReady, unsafe raqm_layout(line) else { throw ShapingFailure(characters[part]) }

    var count = 0
    guard let glyphs = unsafe raqm_get_glyphs(line, &count) else {
      throw ShapingFailure(characters[part])
    }
    // raqm's array lives until the line is destroyed.
    return unsafe UnsafeBufferPointer(start: glyphs, count: count).map { glyph in
      let cluster = part.lowerBound + Int(unsafe glyph.cluster)
      return unsafe ShapedGlyph(
        face: faces[cluster], index: glyph.index, xOffset: Double(glyph.x_offset) / 64,
        yOffset: Double(glyph.y_offset) / 64, advance: Double(glyph.x_advance) / 64,
        cluster: cluster)
    }
  }

  /// The longest ranges of a part that have one face each.
  private func runs(of part: Range<Int>) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for index in part {
      if let last = runs.last, faces[last.lowerBound] === faces[index] {
        runs[runs.endIndex - 1] = last.lowerBound..<index + 1
      } else {
        runs.append(index..<index + 1)
      }
    }
    return runs
  }
}

/// A glyph of a line, which stand in the order in which they are drawn from left to right. Pixels;
/// y grows upward.
struct ShapedGlyph {
  let face: FontFace
  /// Its number in the face.
  let index: UInt32
  /// From the pen to where the glyph is drawn.
  let xOffset, yOffset: Double
  /// From the pen to the pen of the next glyph.
  let advance: Double
  /// The first of the Unicode scalars that it stands for.
  let cluster: Int
}

/// raqm could not lay out a text: it ran out of memory.
struct ShapingFailure: Error {
  let text: String

  init(_ characters: ArraySlice<Unicode.Scalar>) {
    text = String(String.UnicodeScalarView(characters.prefix(40)))
  }
}

extension ShapingFailure: CustomStringConvertible {
  var description: String { "raqm cannot shape “\(text)”" }
}
