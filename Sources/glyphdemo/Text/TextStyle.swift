/// How a text is set.
struct TextStyle: Hashable {
  /// The side that lines are flush with.
  enum Alignment: Hashable {
    /// Where the text begins: left for Latin, right for Arabic.
    case natural
    case left, center, right
  }

  var font = FontRequest()
  /// Pixels of the em square.
  var pixelSize = 16.0
  var alignment = Alignment.natural
  /// nil where each paragraph's first letter tells.
  var direction: TextDirection?
}
