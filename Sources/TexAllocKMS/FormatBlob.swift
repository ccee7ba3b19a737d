internal import CDRM
internal import TexAlloc

/// The formats of a plane, as the driver lists them: the property [IN_FORMATS], a `drm_format_modifier_blob`.
///
/// [IN_FORMATS]: https://docs.kernel.org/gpu/drm-kms.html#plane-composition-properties
struct FormatBlob {
  /// Linear ones first, else in the order of the blob.
  let formats: [Format]

  /// - Returns: nil where the bytes break off, or point past their end.
  init?(_ bytes: [UInt8]) {
    func number<Number: FixedWidthInteger>(_ type: Number.Type, at offset: Int) -> Number? {
      guard offset >= 0, offset <= bytes.count - MemoryLayout<Number>.size else { return nil }
      return (0..<MemoryLayout<Number>.size).reduce(0) {
        $0 | Number(bytes[offset + $1]) << ($1 * 8)
      }
    }
    func header(_ index: Int) -> Int? { number(UInt32.self, at: index * 4).map(Int.init) }
    guard let version = header(0), version == FORMAT_BLOB_CURRENT,
      let formatCount = header(2), let formatsAt = header(3),
      let modifierCount = header(4), let modifiersAt = header(5),
      formatsAt + formatCount * 4 <= bytes.count,
      modifiersAt + modifierCount * MemoryLayout<drm_format_modifier>.size <= bytes.count
    else { return nil }
    let codes = (0..<formatCount).compactMap { number(UInt32.self, at: formatsAt + $0 * 4) }
    var formats: [Format] = []
    for index in 0..<modifierCount {
      let entry = modifiersAt + index * MemoryLayout<drm_format_modifier>.size
      // A set of formats, from one of them on, and the modifier that they have.
      guard let set = number(UInt64.self, at: entry),
        let first = number(UInt32.self, at: entry + 8),
        let modifier = number(UInt64.self, at: entry + 16)
      else { return nil }
      for bit in 0..<64 where set >> bit & 1 == 1 {
        guard codes.indices.contains(Int(first) + bit) else { return nil }
        formats.append(
          Format(Fourcc(rawValue: codes[Int(first) + bit]), Modifier(rawValue: modifier)))
      }
    }
    self.init(formats)
  }

  init(_ formats: [Format]) {
    var seen: Set<Format> = []
    let all = formats.filter { seen.insert($0).inserted }
    self.formats = all.filter { $0.modifier == .linear } + all.filter { $0.modifier != .linear }
  }
}
