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
