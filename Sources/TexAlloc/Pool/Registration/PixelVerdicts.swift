/// What a device found out by comparing pixels, kind by kind of image, so that each is checked once.
package struct PixelVerdicts<Seen: Sendable>: Sendable {
  private var places = VerdictPlaces()
  private var outcomes: [Result<Seen, RegistrationRefused>] = []

  package init() {}

  /// How images that lie like this one are known to show what is written into them; nil where that is
  /// not known.
  ///
  /// - Throws: What a check found wrong.
  package func known(_ buffer: TextureBuffer) throws(RegistrationRefused) -> Seen? {
    guard let number = places.number(for: buffer) else { return nil }
    return try outcomes[number].get()
  }

  /// Keeps what a check told, for all images that lie like the buffer.
  package mutating func keep(
    _ outcome: Result<Seen, RegistrationRefused>, for buffer: TextureBuffer
  ) {
    let isRight = if case .success = outcome { true } else { false }
    places.append(VerdictPlace(of: buffer, isRight: isRight), for: ImageKind(of: buffer))
    outcomes.append(outcome)
  }
}

/// Which verdict holds for an image, by its number. It knows no outcome: what is generic takes several times
/// as long, and every image asks.
private struct VerdictPlaces: Sendable {
  private var all: [(kind: ImageKind, place: VerdictPlace)] = []

  func number(for buffer: TextureBuffer) -> Int? {
    let (kind, place) = (ImageKind(of: buffer), VerdictPlace(of: buffer, isRight: true))
    return all.firstIndex { $0.kind == kind && $0.place.holds(for: place) }
  }

  mutating func append(_ place: VerdictPlace, for kind: ImageKind) { all.append((kind, place)) }
}

/// What images have in common that one check tells about all of them.
private struct ImageKind: Equatable, Sendable {
  private let heap: String?
  /// Heaps of the application's own may have one name.
  private let caching: Caching?
  private let format: Format
  private let sampling: Sampling
  /// Of luma and chroma, which the driver may convert.
  private let colour: Colour?

  init(of buffer: TextureBuffer) {
    (heap, caching) = (buffer.heap, buffer.caching)
    format = buffer.layout.format
    sampling = buffer.layout.sampling
    colour = buffer.layout.shapes.contains(where: \.isLuma) ? buffer.layout.colour : nil
  }
}

/// How an image of a kind lies, and whether it was right.
private struct VerdictPlace: Sendable {
  /// The largest powers of two that divide them; more than drivers ask for makes no difference.
  private var pitchAlignment = 256, offsetAlignment = ImageLayout.largestAlignment
  private let isRight: Bool

  init(of buffer: TextureBuffer, isRight: Bool) {
    self.isRight = isRight
    for (index, plane) in buffer.layout.planes.enumerated() {
      pitchAlignment = min(pitchAlignment, Self.powerOfTwo(in: plane.pitch))
      offsetAlignment = min(
        offsetAlignment, Self.powerOfTwo(in: buffer.place(ofPlane: index).offset))
    }
  }

  /// Whether it holds for an image that lies like another: what is right is right where more is
  /// aligned, and what is wrong is wrong where less is.
  func holds(for other: VerdictPlace) -> Bool {
    let (better, worse) = isRight ? (other, self) : (self, other)
    return better.pitchAlignment >= worse.pitchAlignment
      && better.offsetAlignment >= worse.offsetAlignment
  }

  private static func powerOfTwo(in number: Int) -> Int { number == 0 ? .max : number & -number }
}
