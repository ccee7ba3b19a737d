internal import CLCMS

/// Colours of an ICC profile, made sRGB by [Little CMS], row by row in the cache. Perceptual, where the
/// profile distinguishes.
///
/// The library only reads a transform that it applies, so that any thread may use it.
///
/// [Little CMS]: https://www.littlecms.com
@safe final class ColourTransform: @unchecked Sendable {
  /// What rows hold: grey of one byte a pixel, else four.
  enum Space: Hashable {
    case grey, rgb
    /// As ink, or as what it leaves of the light.
    case cmyk(isInverted: Bool)
  }

  let profile: [UInt8]
  let space: Space
  private let context: cmsContext
  private let transform: cmsHTRANSFORM

  /// nil where the library makes nothing of the profile, or where it is for other colours.
  init?(from profile: [UInt8], of space: Space) {
    guard let context = unsafe cmsCreateContext(nil, nil) else { return nil }
    guard let transform = unsafe Self.transform(from: profile, of: space, in: context) else {
      unsafe cmsDeleteContext(context)
      return nil
    }
    self.profile = profile
    self.space = space
    unsafe self.context = context
    unsafe self.transform = transform
  }

  deinit {
    unsafe cmsDeleteTransform(transform)
    unsafe cmsDeleteContext(context)
  }

  /// Makes pixels sRGB where they lie: red, green, blue and a byte that stays.
  func convert(_ pixels: inout MutableSpan<UInt8>) {
    precondition(space != .grey)
    let count = UInt32(pixels.count / 4)
    // Each pixel takes as many bytes before as after, and the library goes from one to the next.
    unsafe pixels.withUnsafeMutableBytes {
      unsafe cmsDoTransform(transform, $0.baseAddress, $0.baseAddress, count)
    }
  }

  /// Makes sRGB of grey.
  ///
  /// - Parameter pixels: Room for four bytes for each of grey; the fourth stays.
  func convert(grey: Span<UInt8>, to pixels: inout MutableSpan<UInt8>) {
    precondition(space == .grey && pixels.count == grey.count * 4)
    unsafe pixels.withUnsafeMutableBytes { pixels in
      unsafe grey.withUnsafeBytes { grey in
        unsafe cmsDoTransform(
          transform, grey.baseAddress, pixels.baseAddress, UInt32(grey.count))
      }
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
    return unsafe cmsCreateTransformTHR(
      context, source, space.format, sRGB, texalloc_lcms_rgba, UInt32(INTENT_PERCEPTUAL),
      UInt32(cmsFLAGS_HIGHRESPRECALC))
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
