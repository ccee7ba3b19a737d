internal import CLCMS
internal import Synchronization

/// Colours of an ICC profile, made sRGB by [Little CMS], row by row in the cache. Perceptual, where the
/// profile distinguishes.
///
/// The library only reads a transform that it applies, so that any thread may use it.
///
/// [Little CMS]: https://www.littlecms.com
@safe package final class ColourTransform: @unchecked Sendable {
  /// What rows hold: grey of one byte a pixel, else four.
  package enum Space: Hashable {
    case grey, rgb
    /// As ink, or as what it leaves of the light.
    case cmyk(isInverted: Bool)
  }

  package let profile: [UInt8]
  package let space: Space
  /// What becomes of each grey, four bytes each.
  private let greys: [UInt8]
  private let context: cmsContext
  private let transform: cmsHTRANSFORM

  /// nil where the library makes nothing of the profile, or where it is for other colours.
  init?(from profile: [UInt8], of space: Space) {
    guard let context = unsafe cmsCreateContext(nil, nil) else { return nil }
    guard let transform = unsafe Self.transform(from: profile, of: space, in: context) else {
      unsafe cmsDeleteContext(context)
      return nil
    }
    var greys = [UInt8](repeating: 255, count: space == .grey ? 256 * 4 : 0)
    if space == .grey {
      unsafe cmsDoTransform(transform, (0...255).map { UInt8($0) }, &greys, 256)
    }
    self.profile = profile
    self.space = space
    self.greys = greys
    unsafe self.context = context
    unsafe self.transform = transform
  }

  deinit {
    unsafe cmsDeleteTransform(transform)
    unsafe cmsDeleteContext(context)
  }

  /// Makes pixels sRGB where they lie: red, green, blue and a byte that stays.
  package func convert(_ pixels: inout MutableSpan<UInt8>) {
    precondition(space != .grey)
    let count = UInt32(pixels.count / 4)
    // Each pixel takes as many bytes before as after, and the library goes from one to the next.
    unsafe pixels.withUnsafeMutableBytes {
      unsafe cmsDoTransform(transform, $0.baseAddress, $0.baseAddress, count)
    }
  }

  /// Makes sRGB of grey.
  ///
  /// - Parameter pixels: Room for four bytes for each of grey; the fourth becomes 255.
  package func convert(grey: Span<UInt8>, to pixels: inout MutableSpan<UInt8>) {
    for pixel in grey.indices {
      for byte in 0..<4 { pixels[pixel * 4 + byte] = greys[Int(grey[pixel]) * 4 + byte] }
    }
  }

  private static func transform(
    from profile: [UInt8], of space: Space, in context: cmsContext
  ) -> cmsHTRANSFORM? {
    guard
      let source = unsafe cmsOpenProfileFromMemTHR(context, profile, UInt32(profile.count))
    else { return nil }
    defer { unsafe cmsCloseProfile(source) }
    guard unsafe cmsGetColorSpace(source) == space.signature,
      let sRGB = unsafe cmsCreate_sRGBProfileTHR(context)
    else { return nil }
    defer { unsafe cmsCloseProfile(sRGB) }
    // To a profile of version 4 the library would stretch black, which no other does.
    unsafe cmsSetProfileVersion(sRGB, 2.1)
    // What the library samples beforehand is off by up to 17 levels of 255, and takes a third of a
    // second; only what is curves and a matrix it makes exact and fast.
    let hasTables = [cmsSigAToB0Tag, cmsSigDToB0Tag].contains {
      unsafe cmsIsTag(source, $0) != 0
    }
    let isSimple = unsafe space == .rgb && cmsIsMatrixShaper(source) != 0 && !hasTables
    return unsafe cmsCreateTransformTHR(
      context, source, space.format, sRGB, texalloc_lcms_rgba, UInt32(INTENT_PERCEPTUAL),
      isSimple ? 0 : UInt32(cmsFLAGS_NOOPTIMIZE))
  }
}

extension ColourTransform.Space {
  fileprivate var signature: cmsColorSpaceSignature {
    switch self {
    case .grey: cmsSigGrayData
    case .rgb: cmsSigRgbData
    case .cmyk: cmsSigCmykData
    }
  }

  /// How Little CMS calls the bytes of a pixel.
  fileprivate var format: UInt32 {
    switch self {
    case .grey: texalloc_lcms_grey
    case .rgb: texalloc_lcms_rgba
    case .cmyk(isInverted: false): texalloc_lcms_cmyk
    case .cmyk(isInverted: true): texalloc_lcms_inverted_cmyk
    }
  }
}

/// Transforms that were made last, since the pictures of one camera have one profile. Any thread may ask.
package final class ColourTransforms: Sendable {
  private static let limit = 4

  private let made = Mutex<[ColourTransform]>([])

  package init() {}

  /// nil where the profile cannot be applied.
  package func transform(
    from profile: [UInt8], of space: ColourTransform.Space
  ) -> ColourTransform? {
    let known = made.withLock { made in
      made.first { $0.space == space && $0.profile == profile }
    }
    // Made without the lock: it takes longer than many a picture.
    guard let transform = known ?? ColourTransform(from: profile, of: space) else { return nil }
    made.withLock { made in
      made.removeAll { $0.space == space && $0.profile == profile }
      if made.count == Self.limit { made.removeFirst() }
      made.append(transform)
    }
    return transform
  }
}
