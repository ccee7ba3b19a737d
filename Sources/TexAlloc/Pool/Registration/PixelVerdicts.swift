/// What a device found out by comparing pixels, kind by kind of image, so that each is checked once.
package struct PixelVerdicts<Seen: Sendable>: Sendable {
  private var verdicts: [ImageKind: [PixelVerdict<Seen>]] = [:]

  package init() {}

  /// How images that lie like this one are known to show what is written into them; nil where that is
  /// not known.
  ///
  /// - Throws: What a check found wrong.
  package func known(_ buffer: TextureBuffer) throws(RegistrationRefused) -> Seen? {
    let wanted = PixelVerdict<Seen>(of: buffer)
    return try verdicts[ImageKind(of: buffer)]?.first { $0.holds(for: wanted) }?.outcome?.get()
  }

  /// Keeps what a check told, for all images that lie like the buffer.
  package mutating func keep(
    _ outcome: Result<Seen, RegistrationRefused>, for buffer: TextureBuffer
  ) {
    var verdict = PixelVerdict<Seen>(of: buffer)
    verdict.outcome = outcome
    verdicts[ImageKind(of: buffer), default: []].append(verdict)
  }
}

/// What images have in common that one check tells about all of them.
private struct ImageKind: Hashable, Sendable {
  private let heap: String?
  private let format: Format
  private let sampling: Sampling
  /// Of luma and chroma, which the driver may convert.
  private let colour: Colour?

  init(of buffer: TextureBuffer) {
    heap = buffer.heap
    format = buffer.layout.format
    sampling = buffer.layout.sampling
    colour = buffer.layout.shapes.contains(where: \.isLuma) ? buffer.layout.colour : nil
  }
}

/// How an image of a kind lies, and what checking it told.
private struct PixelVerdict<Seen: Sendable>: Sendable {
  /// The largest powers of two that divide them; more than drivers ask for makes no difference.
  private let pitchAlignment, offsetAlignment: Int
  var outcome: Result<Seen, RegistrationRefused>?

  init(of buffer: TextureBuffer) {
    let planes = buffer.layout.planes
    pitchAlignment = min(planes.map { Self.powerOfTwo(in: $0.pitch) }.min() ?? 1, 256)
    offsetAlignment = min(
      planes.indices.map { Self.powerOfTwo(in: buffer.place(ofPlane: $0).offset) }.min() ?? 1, 4096)
  }

  /// Whether it holds for an image that lies like another: what is right is right where more is
  /// aligned, and what is wrong is wrong where less is.
  func holds(for other: PixelVerdict) -> Bool {
    let isRight = (try? outcome?.get()) != nil
    let (better, worse) = isRight ? (other, self) : (self, other)
    return better.pitchAlignment >= worse.pitchAlignment
      && better.offsetAlignment >= worse.offsetAlignment
  }

  private static func powerOfTwo(in number: Int) -> Int { number == 0 ? .max : number & -number }
}
