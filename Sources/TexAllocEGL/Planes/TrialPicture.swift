internal import TexAlloc

/// What is written into a trial image, and what a shader is to see of it.
enum TrialPicture {
  /// Texels that stand for themselves, in each texture that shows the image.
  case texels(ImageLayout, [PixelChannels])
  /// What the driver converts.
  case patches(FlatPatches)

  /// nil where what a shader is to see is not known.
  init?(_ layout: ImageLayout, as form: TextureForm) {
    if let channels = layout.channels(as: form) {
      self = .texels(layout, channels)
    } else if form == .external, let patches = FlatPatches(layout) {
      self = .patches(patches)
    } else {
      return nil
    }
  }

  /// How far a colour may be off.
  var tolerance: Int {
    switch self {
    case .texels(_, let channels): channels.map(\.tolerance).max() ?? 0
    case .patches: FlatPatches.tolerance
    }
  }

  /// Writes it into an image: the first and the last row at least. Each turn it is another picture.
  func store(into buffer: TextureBuffer, _ turn: Int) {
    switch self {
    case .texels(let layout, let channels):
      for part in channels.indices {
        for row in [0, layout.rowCount(ofPlane: part) - 1] {
          let bytes = layout.trialPattern(ofRow: row, plane: part, turn: turn)
          buffer.storeRows(bytes.span, row..<row + 1, ofPlane: part)
        }
      }
    case .patches(let patches): patches.store(into: buffer, turn)
    }
  }

  /// Red, green, blue and alpha of each texel of a row of a texture; nil where it does not matter.
  func colours(ofRow row: Int, in part: Int, _ turn: Int) -> [[UInt8]?] {
    switch self {
    case .texels(let layout, let channels):
      channels[part].colours(of: layout.trialPattern(ofRow: row, plane: part, turn: turn))
    case .patches(let patches): patches.colours(ofRow: row, turn)
    }
  }
}
