extension Double {
  /// With so many digits behind the point.
  func text(_ digits: Int) -> String {
    guard isFinite else { return "\(self)" }
    let scale = (0..<digits).reduce(1) { scale, _ in scale * 10 }
    let scaled = Int((magnitude * Double(scale)).rounded())
    let sign = self < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return sign + scaled.grouped }
    let fraction = String(scaled % scale)
    let zeroes = String(repeating: "0", count: digits - fraction.count)
    return "\(sign)\((scaled / scale).grouped).\(zeroes)\(fraction)"
  }

  /// Nanoseconds in the unit that suits them, with three digits or so.
  var time: String {
    switch magnitude {
    case ..<1e3: "\(text(magnitude < 10 ? 1 : 0)) ns"
    case ..<1e6: "\((self / 1e3).text(magnitude < 1e5 ? 1 : 0)) µs"
    case ..<1e9: "\((self / 1e6).text(magnitude < 1e8 ? 2 : 1)) ms"
    default: "\((self / 1e9).text(2)) s"
    }
  }
}

extension Int {
  /// `10,000`.
  var grouped: String {
    let digits = Array(String(magnitude))
    var text = self < 0 ? "-" : ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place).isMultiple(of: 3) { text += "," }
      text.append(digit)
    }
    return text
  }
}
