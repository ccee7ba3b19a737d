/// What a text wants to be set in.
struct FontRequest: Hashable {
  var family = "DejaVu Sans"
  var isBold = false
  /// As in HTML, `ja` or `zh-TW`: which of the shapes that languages give a character; nil where
  /// nobody knows.
  var language: String?
}
