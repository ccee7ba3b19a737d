extension String {
  /// As text of an XML element or as an attribute's value.
  package var xmlEscaped: String {
    var result = ""
    for character in unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n", "\r", " "...: result.unicodeScalars.append(character)
      default: result += "\u{FFFD}"
      }
    }
    return result
  }
}
