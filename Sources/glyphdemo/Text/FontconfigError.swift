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
