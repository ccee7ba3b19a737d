/// Puts the parts of an ICC profile together: annex B.4 of [ICC.1].
///
/// [ICC.1]: https://www.color.org/specification/ICC.1-2022-05.pdf
enum ColourProfile {
  struct Malformed: Error {
    let message: String
  }

  private static let headerSize = 128

  /// - Parameter parts: In the order of the file, each with its number, from 1, and the count of all in
  ///   front.
  static func join(_ parts: [[UInt8]]) throws(Malformed) -> [UInt8] {
    var inOrder = [ArraySlice<UInt8>?](repeating: nil, count: parts.count)
    for part in parts {
      guard part.count >= 2, Int(part[1]) == parts.count, 1...parts.count ~= Int(part[0]) else {
        throw Malformed(message: "its parts are not those that they say")
      }
      guard inOrder[Int(part[0]) - 1] == nil else {
        throw Malformed(message: "a part of it is there twice")
      }
      inOrder[Int(part[0]) - 1] = part.dropFirst(2)
    }
    let bytes = Array(inOrder.compactMap { $0 }.joined())
    guard bytes.count >= headerSize, bytes[36..<40].elementsEqual("acsp".utf8) else {
      throw Malformed(message: "it is no ICC profile")
    }
    let size = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
    guard headerSize...bytes.count ~= size else {
      throw Malformed(message: "it says that it has \(size) bytes of \(bytes.count)")
    }
    return bytes
  }
}
