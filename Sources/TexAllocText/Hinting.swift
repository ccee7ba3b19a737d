internal import CFreeType

/// Whether outlines are bent to the pixel grid before they are filled.
public enum Hinting: Hashable, Sendable {
  /// The outline as it was drawn.
  case none
  /// Moved up and down only, so that horizontal strokes are sharp and no width changes. At half the
  /// speed of none.
  case light

  /// For FreeType and for whoever shapes with it: `FT_LOAD_*`.
  package var loadFlags: Int32 {
    switch self {
    case .none: Int32(FT_LOAD_NO_HINTING)
    case .light: Int32(texalloc_ft_load_target_light)
    }
  }
}
