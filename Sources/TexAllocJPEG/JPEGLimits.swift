internal import CJPEG
internal import TexAlloc

/// How much a JPEG file may cost before it is refused. A few kilobytes can otherwise ask for
/// gigabytes, or for hours. Each is looked at before what it limits is taken.
public struct JPEGLimits: Hashable, Sendable {
  /// Pixels across and down, as they are stored: 65500, which is as many as libjpeg-turbo takes.
  public var width = Int(texalloc_jpeg_max_side)
  public var height = Int(texalloc_jpeg_max_side)
  /// Pixels of the image: 16384 x 16384, the largest texture of common GPUs.
  public var pixels = 1 << 28
  /// Bytes for coefficients, which the decoder holds of the whole image where a file has several
  /// scans: 2 for each, thus 3 to 6 for each pixel in colour. 512 MiB.
  public var coefficients = 512 << 20
  /// Scans that a file is coded in: 100. Usual progressive files have about ten.
  public var scans = 100
  /// Bytes of EXIF and colour profile: 16 MiB. Other markers are skipped, and take no memory.
  public var markerBytes = 16 << 20
  /// Time that a thread may spend on a file, not counting what it spends waiting: a minute. A picture
  /// of ordinary size takes a fiftieth of a second.
  public var time = Duration.seconds(60)

  public init() {}

  /// Looks at what a header claims.
  func check(
    _ header: texalloc_jpeg_header, of name: String
  ) throws(ImageDecodingError) {
    let (width, height) = (Int(header.width), Int(header.height))
    let claims: [(Claim, Int, Int)] = [
      (.width, width, self.width), (.height, height, self.height),
      (.pixels, width * height, pixels),
      (.coefficients, Int(clamping: header.coefficient_size), coefficients),
    ]
    for (claim, found, limit) in claims where found > limit {
      throw ImageDecodingError(name, .tooMuch(claim, limit, found: found))
    }
  }

  /// - Parameters:
  ///   - salvages: Whether what is damaged is passed over.
  ///   - keepsMarkers: Whether EXIF and profile are wanted.
  func terms(salvages: Bool, keepsMarkers: Bool) -> texalloc_jpeg_terms {
    let (seconds, fraction) = time.components
    let nanoseconds = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return texalloc_jpeg_terms(
      keeps_markers: keepsMarkers, marker_bytes: max(0, markerBytes),
      // Far beyond what a clock shows, and far from overflow.
      time: UInt64(
        clamping: nanoseconds.overflow
          ? .max / 2 : min(.max / 2, nanoseconds.partialValue + fraction / 1_000_000_000)),
      salvages: salvages)
  }

  /// What errors call it.
  enum Claim: String {
    case width, height, pixels, scans
    case coefficients = "bytes of coefficients"
    case markerBytes = "bytes of EXIF and colour profile"
    case time = "milliseconds"
  }
}

extension ImageDecodingError.Reason {
  /// - Parameter found: Where it is known; at least one more than the limit.
  static func tooMuch(
    _ claim: JPEGLimits.Claim, _ limit: Int, found: Int? = nil
  ) -> ImageDecodingError.Reason {
    .tooMuch(claim.rawValue, found: found ?? limit + 1, limit: limit)
  }
}
