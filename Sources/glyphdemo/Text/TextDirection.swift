internal import CRaqm

/// Where lines of text begin.
enum TextDirection: Hashable {
  case leftToRight, rightToLeft

  /// That of the first letter which has one, by rules P2 and P3 of the Unicode Bidirectional
  /// Algorithm; nil where no letter has.
  init?(of text: some Sequence<Unicode.Scalar>) {
    let characters = text.map(\.value)
    var types = [FriBidiCharType](
      repeating: FriBidiCharType(rawValue: 0), count: characters.count)
    // Both functions are given arrays of this length.
    unsafe fribidi_get_bidi_types(characters, FriBidiStrIndex(characters.count), &types)
    switch unsafe fribidi_get_par_direction(types, FriBidiStrIndex(types.count)) {
    case FRIBIDI_PAR_LTR: self = .leftToRight
    case FRIBIDI_PAR_RTL: self = .rightToLeft
    default: return nil
    }
  }

  var forRaqm: raqm_direction_t {
    switch self {
    case .leftToRight: RAQM_DIRECTION_LTR
    case .rightToLeft: RAQM_DIRECTION_RTL
    }
  }
}
