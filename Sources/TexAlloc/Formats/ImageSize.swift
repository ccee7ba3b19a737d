/// Width and height of an image in pixels.
public struct ImageSize: Hashable, Sendable {
  public var width, height: Int

  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }
}

extension ImageSize: CustomStringConvertible {
  public var description: String { "\(width)x\(height)" }
}

extension ImageSize: LosslessStringConvertible {
  /// Reads `1920x1080`: two decimal numbers of at most `Int.max`, without sign; else nil.
  public init?(_ description: String) {
    let numbers = description.utf8.split(
      separator: UInt8(ascii: "x"), omittingEmptySubsequences: false)
    guard numbers.count == 2, let width = Self.number(numbers[0]),
      let height = Self.number(numbers[1])
    else { return nil }
    self.init(width: width, height: height)
  }

  private static func number(_ digits: Substring.UTF8View) -> Int? {
    digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      ? Int(Substring(digits)) : nil
  }
}
