internal import CFontconfig

/// The fonts that are installed, as fontconfig knows them.
/// https://fontconfig.pages.freedesktop.org/fontconfig/fontconfig-devel/
@safe final class FontConfiguration {
  @unsafe private let configuration: OpaquePointer

  init() throws(FontconfigError) {
    guard let configuration = unsafe FcInitLoadConfigAndFonts() else { throw .noConfiguration }
    unsafe self.configuration = configuration
  }

  deinit { unsafe FcConfigDestroy(configuration) }

  /// The outline font that comes nearest to a request, one that has a character if there is such;
  /// nil where no font is installed at all.
  func match(_ request: FontRequest, having character: Unicode.Scalar? = nil) -> FontFile? {
    // Every pattern and set made here is destroyed here; fontconfig copies what is added to them.
    guard let pattern = unsafe FcPatternCreate() else { return nil }
    defer { unsafe FcPatternDestroy(pattern) }
    unsafe FcPatternAddString(pattern, FC_FAMILY, request.family)
    unsafe FcPatternAddInteger(
      pattern, FC_WEIGHT, request.isBold ? FC_WEIGHT_BOLD : FC_WEIGHT_REGULAR)
    unsafe FcPatternAddBool(pattern, FC_SCALABLE, FcTrue)
    unsafe FcPatternAddBool(pattern, FC_COLOR, FcFalse)
    if let language = request.language {
      unsafe FcPatternAddString(pattern, FC_LANG, language)
    }
    if let character {
      let characters = unsafe FcCharSetCreate()
      defer { unsafe FcCharSetDestroy(characters) }
      unsafe FcCharSetAddChar(characters, character.value)
      unsafe FcPatternAddCharSet(pattern, FC_CHARSET, characters)
    }
    unsafe FcConfigSubstitute(configuration, pattern, FcMatchPattern)
    unsafe FcDefaultSubstitute(pattern)

    var result = FcResultMatch
    guard let match = unsafe FcFontMatch(configuration, pattern, &result) else { return nil }
    defer { unsafe FcPatternDestroy(match) }
    return unsafe Self.file(match)
  }

  @unsafe private static func file(_ match: OpaquePointer) -> FontFile? {
    var index: Int32 = 0
    guard let path = unsafe string(FC_FILE, of: match),
      unsafe FcPatternGetInteger(match, FC_INDEX, 0, &index) == FcResultMatch
    else { return nil }
    return FontFile(
      path: path, index: Int(index), family: unsafe string(FC_FAMILY, of: match) ?? path)
  }

  @unsafe private static func string(_ object: String, of match: OpaquePointer) -> String? {
    var value: UnsafeMutablePointer<FcChar8>?
    guard unsafe FcPatternGetString(match, object, 0, &value) == FcResultMatch,
      let value = unsafe value
    else { return nil }
    return unsafe String(cString: value)
  }
}

/// What a text wants to be set in.
struct FontRequest: Hashable {
  var family = "DejaVu Sans"
  var isBold = false
  /// As in HTML, `ja` or `zh-TW`: which of the shapes that languages give a character; nil where
  /// nobody knows.
  var language: String?
}

/// Where fontconfig found a face.
struct FontFile: Hashable {
  let path: String
  /// Which face of a collection, as FreeType counts.
  let index: Int
  let family: String
}

/// Fontconfig has nothing to offer.
enum FontconfigError: Error, Hashable {
  /// Its configuration cannot be read.
  case noConfiguration
  /// No font at all is installed.
  case noFont(FontRequest)
}

extension FontconfigError: CustomStringConvertible {
  var description: String {
    switch self {
    case .noConfiguration: "fontconfig: no configuration; is fontconfig-config installed?"
    case .noFont(let request):
      "fontconfig: no font for \(request.family); fonts-dejavu-core and fonts-noto-core have some"
    }
  }
}
