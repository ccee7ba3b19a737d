/// A value that is sent as its place in a list. The lists are those of `Docs/wire-format.md`: what is new
/// comes last, and nothing that has gone out into the world changes its place, whatever the order here.
protocol WireWord: Equatable {
  static var wireWords: [Self] { get }
}

extension Colour.Matrix: WireWord {
  static var wireWords: [Self] { [.bt601, .bt709, .bt2020] }
}

extension Colour.Range: WireWord {
  static var wireWords: [Self] { [.full, .limited] }
}

extension Colour.Transfer: WireWord {
  static var wireWords: [Self] { [.sRGB, .linear, .bt709, .pq, .hlg] }
}

extension Colour.Siting: WireWord {
  static var wireWords: [Self] { [.centred, .cosited] }
}

extension Alpha: WireWord {
  static var wireWords: [Self] { [.premultiplied, .straight, .opaque] }
}

extension Sampling: WireWord {
  static var wireWords: [Self] { [.asStored, .asLight] }
}

extension Caching: WireWord {
  static var wireWords: [Self] { [.writeCombining, .cached, .uncached] }
}

extension CPUUsage: WireWord {
  static var wireWords: [Self] { [.randomWrite, .read, .sequentialWrite] }
}

extension DeviceUsage: WireWord {
  static var wireWords: [Self] {
    [.capture, .decode, .encode, .mipmap, .render, .sample, .scanout, .finish]
  }
}

/// The bit of a field is its place.
extension AttributeField: WireWord {
  static var wireWords: [Self] {
    [
      .offsetAlignment, .pitchAlignment, .heightAlignment, .sizeAlignment, .physicalAlignment,
      .minPitch, .maxPitch, .minWidth, .maxWidth, .minHeight, .maxHeight, .minSize, .maxSize,
      .minBuffers, .maxBuffers, .heldBuffers, .formats, .heaps, .caching, .contiguous, .protected,
      .cpuUsage, .deviceUsage,
    ]
  }
}
