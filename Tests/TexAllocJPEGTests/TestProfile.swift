import Foundation

/// ICC profiles of version 2 that are simple enough to be calculated by hand.
enum TestProfile {
  /// sRGB's primaries, red and green in each other's place, with a gamma of 2.2.
  static var swapped: [UInt8] {
    let curve = curve(gamma: 2.2)
    return make(
      "RGB ", "XYZ ",
      [
        ("rXYZ", xyz(0.3851, 0.7169, 0.0971)), ("gXYZ", xyz(0.4361, 0.2225, 0.0139)),
        ("bXYZ", xyz(0.1431, 0.0606, 0.7141)), ("rTRC", curve), ("gTRC", curve), ("bTRC", curve),
      ])
  }

  /// Grey that is light.
  static var linearGrey: [UInt8] { make("GRAY", "XYZ ", [("kTRC", curve(gamma: 1))]) }

  /// Ink of which each takes a quarter of the lightness.
  static var quarters: [UInt8] {
    let identity = (0...255).map { UInt8($0) }
    var table: [UInt8] = Array("mft1\0\0\0\0".utf8) + [4, 3, 2, 0]
    for entry in [1, 0, 0, 0, 1, 0, 0, 0, 1] { table += number(entry << 16) }
    for _ in 0..<4 { table += identity }
    for corner in 0..<16 {
      table += [UInt8(255 - 255 * corner.nonzeroBitCount / 4), 128, 128]
    }
    for _ in 0..<3 { table += identity }
    return make("CMYK", "Lab ", [("A2B0", table)])
  }

  /// What sRGB has for an amount of light, from 0 to 1.
  static func sRGB(_ light: Double) -> Double {
    255 * (light <= 0.0031308 ? light * 12.92 : 1.055 * pow(light, 1 / 2.4) - 0.055)
  }

  private static func make(
    _ space: String, _ connection: String, _ tags: [(name: String, bytes: [UInt8])]
  ) -> [UInt8] {
    let all = tags + [("wtpt", xyz(0.9642, 1, 0.8249))]
    var offset = 128 + 4 + 12 * all.count
    var table = number(all.count)
    var data: [UInt8] = []
    for (name, bytes) in all {
      let padded = bytes + [UInt8](repeating: 0, count: -bytes.count & 3)
      table += Array(name.utf8) + number(offset) + number(bytes.count)
      data += padded
      offset += padded.count
    }
    var header = [UInt8](repeating: 0, count: 128)
    func put(_ bytes: [UInt8], at start: Int) {
      header.replaceSubrange(start..<start + bytes.count, with: bytes)
    }
    put(number(offset), at: 0)
    put([2, 0x10], at: 8)
    put(Array(((space == "CMYK" ? "prtr" : "mntr") + space + connection).utf8), at: 12)
    put(Array("acsp".utf8), at: 36)
    put(Array(xyz(0.9642, 1, 0.8249).dropFirst(8)), at: 68)
    return header + table + data
  }

  private static func number(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  private static func xyz(_ values: Double...) -> [UInt8] {
    Array("XYZ \0\0\0\0".utf8) + values.flatMap { number(Int(($0 * 65536).rounded())) }
  }

  private static func curve(gamma: Double) -> [UInt8] {
    let fixed = Int((gamma * 256).rounded())
    return Array("curv\0\0\0\0".utf8) + number(1) + [UInt8(fixed >> 8), UInt8(fixed & 255)]
  }
}
