/// What the caller wants of a picture's file.
///
/// ```swift
/// var options = DecodingOptions()
/// options.size = .fit(ImageSize(width: 320, height: 320))
/// let photo = try JPEGImage(contentsOf: path, options)
/// ```
public struct DecodingOptions: Hashable, Sendable {
  /// What becomes of a file that is cut short or damaged so that pixels are lost.
  public enum Damage: Hashable, Sendable {
    /// It is an error.
    case strict
    /// What was decoded stays; rows that are not right are filled with this colour: red, green, blue
    /// and alpha.
    case salvage(fill: SIMD4<UInt8>)
  }

  /// Which of the pictures in a file.
  public enum Content: Hashable, Sendable {
    case picture
    /// The small one in its EXIF, whatever it shows. What follows is not read; region and size are its own.
    case thumbnail
    /// The same, where its proportions are those of the picture within a hundredth: others are another
    /// picture, or have borders.
    case preview
  }

  public var damage = Damage.strict
  /// Whether an embedded ICC profile is applied, so that the colours are sRGB.
  public var appliesProfile = false
  public var content = Content.picture
  /// The part that is wanted, of the whole picture as it is to be shown; all of it where nil. Its pixels are
  /// those of the whole picture.
  public var region: ImageRegion?
  /// How large the picture, or the region of it, is to be shown, so that no more pixels are decoded than
  /// that takes, where there are cheaper ways; pixel by pixel where nil. What is decoded has at least as
  /// many, and a GPU scales the rest.
  ///
  /// Of a scaled picture, a region is all pixels that it touches: it is rounded outwards to them.
  public var size: ShownSize?
  /// Whether luma and chroma are planes of their own where the file has them so; else it is colours, and
  /// the report says why.
  public var prefersPlanes = false

  public init() {}
}

/// How large a picture is to be shown, in its own proportions, and never larger than it is.
public enum ShownSize: Hashable, Sendable {
  /// The largest within this size.
  case fit(ImageSize)
  /// The smallest that covers this size.
  case fill(ImageSize)

  /// Pixels that a picture takes on the screen.
  public func shown(_ picture: ImageSize) -> ImageSize {
    let (width, height) = (picture.width, picture.height)
    let (box, isFit) =
      switch self {
      case .fit(let size): (size, true)
      case .fill(let size): (size, false)
      }
    let (across, down) = (min(box.width, width), min(box.height, height))
    // What is beyond Int is beyond all pictures.
    let isByWidth = (across.checkedProduct(height) ?? .max) < (down.checkedProduct(width) ?? .max)
    func scaled(_ side: Int, _ part: Int, _ whole: Int) -> Int {
      max(1, Int((Double(side) * Double(part) / Double(whole)).rounded()))
    }
    return isByWidth == isFit
      ? ImageSize(width: across, height: scaled(height, across, width))
      : ImageSize(width: scaled(width, down, height), height: down)
  }
}

extension DecodingOptions {
  /// The part of a picture that is wanted, for decoders, after a look at what was asked for.
  ///
  /// - Parameters:
  ///   - size: Of the picture as it is to be shown.
  ///   - name: What errors call it.
  /// - Throws: `badRegion` or `badSize`.
  public func part(
    of size: ImageSize, named name: String
  ) throws(ImageDecodingError) -> ImageRegion {
    switch self.size {
    case .fit(let wanted), .fill(let wanted):
      guard wanted.width > 0, wanted.height > 0 else {
        throw ImageDecodingError(name, .badSize(wanted))
      }
    case nil: break
    }
    guard let region else { return ImageRegion(of: size) }
    guard region.isPart(of: size) else {
      throw ImageDecodingError(name, .badRegion(region, picture: size))
    }
    return region
  }
}
