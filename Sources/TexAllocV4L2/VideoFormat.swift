internal import CV4L2
internal import TexAlloc

/// An arrangement of pixels as Video4Linux has it: what `VIDIOC_TRY_FMT` and `VIDIOC_S_FMT` fill.
struct VideoFormat: Hashable, Sendable {
  let fourcc: Fourcc
  let size: ImageSize
  /// Bytes from one row of the first plane to the next; the others follow from it.
  let pitch: Int
  /// Bytes of the whole image, as the driver counts them.
  let bytes: Int
  let colour: Colour

  /// Those of the library that Video4Linux has, by its own names; the most are the same. The planes of each
  /// lie behind one another, with pitches that follow from the first: what more planes would make of a
  /// pitch that all suits, the two do not agree on.
  private static let names: [(video: String, format: Fourcc)] = [
    ("AB24", .abgr8888), ("XB24", .xbgr8888), ("AR24", .argb8888), ("XR24", .xrgb8888),
    ("GREY", .r8), ("RGBP", .rgb565), ("YUYV", .yuyv), ("UYVY", .uyvy), ("NV12", .nv12),
  ]

  /// The format that Video4Linux calls so; nil where the library does not know it.
  static func known(_ code: UInt32) -> Fourcc? {
    let text = String(
      decoding: (0..<4).map { UInt8(truncatingIfNeeded: code >> ($0 * 8)) }, as: UTF8.self)
    return names.first { $0.video == text }?.format
  }

  private static func code(of fourcc: Fourcc) -> UInt32? {
    names.first { $0.format == fourcc }.map { name in
      name.video.utf8.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  /// Asks the driver, or has it take one from now on; answers what it makes of it.
  ///
  /// - Parameters:
  ///   - size: nil for the one that the device has now.
  ///   - pitch: 0 for the driver's own.
  ///   - sets: Whether it is to be taken.
  static func negotiate(
    _ fourcc: Fourcc?, _ size: ImageSize?, pitch: Int = 0, sets: Bool = false, with node: VideoNode
  ) throws(SystemFailure) -> VideoFormat? {
    var format = unsafe v4l2_format()
    unsafe format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
    unsafe try node.call("VIDIOC_G_FMT", texalloc_g_fmt, &format)
    if let size {
      unsafe format.fmt.pix.width = UInt32(clamping: size.width)
      unsafe format.fmt.pix.height = UInt32(clamping: size.height)
    }
    if let fourcc {
      guard let code = code(of: fourcc) else { return nil }
      unsafe format.fmt.pix.pixelformat = code
      unsafe format.fmt.pix.bytesperline = UInt32(clamping: pitch)
      unsafe format.fmt.pix.sizeimage = 0
      unsafe format.fmt.pix.field = V4L2_FIELD_NONE.rawValue
      unsafe try node.call(
        sets ? "VIDIOC_S_FMT" : "VIDIOC_TRY_FMT", sets ? texalloc_s_fmt : texalloc_try_fmt, &format)
    }
    let pixels = unsafe format.fmt.pix
    guard let known = known(pixels.pixelformat) else { return nil }
    return VideoFormat(
      fourcc: known, size: ImageSize(width: Int(pixels.width), height: Int(pixels.height)),
      pitch: Int(pixels.bytesperline), bytes: Int(pixels.sizeimage), colour: Colour(pixels))
  }

  /// The formats that the device gives and the library knows, in the device's order.
  static func all(of node: VideoNode) -> [Fourcc] {
    var formats: [Fourcc] = []
    for index in 0..<UInt32(256) {
      var entry = v4l2_fmtdesc()
      entry.index = index
      entry.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
      // The end of the list is an error, as what is no list is.
      guard (try? node.call("VIDIOC_ENUM_FMT", texalloc_enum_fmt, &entry)) != nil else { break }
      if let format = known(entry.pixelformat), !formats.contains(format) { formats.append(format) }
    }
    return formats
  }

  /// What the images must be like in memory for the device to write them: as large as it counts, and with
  /// the pitches that it takes. A second plane begins where the first ends, and where others have it begin
  /// on a page, that end is one.
  func constraints(asked node: VideoNode) -> BufferConstraints {
    func pitch(for wanted: Int) -> Int? {
      (try? Self.negotiate(fourcc, size, pitch: wanted, with: node))??.pitch
    }
    let planesFollow = fourcc == .nv12
    let largest = pitch(for: Int(UInt32.max))
    let alignment = stride(from: 0, through: 8, by: 1).map { 1 << $0 }.first { alignment in
      let next = (self.pitch / alignment + 1) * alignment
      return pitch(for: next) == next
    }
    return BufferConstraints {
      $0.formats = [Format(fourcc)]
      $0.minPitch = self.pitch
      if let largest, let alignment, largest > self.pitch {
        $0.maxPitch = largest
        $0.pitchAlignment = max(
          alignment, planesFollow ? pageSize >> size.height.trailingZeroBitCount : 1)
      } else {
        $0.maxPitch = self.pitch
      }
      $0.minSize = bytes
      ($0.minWidth, $0.maxWidth) = (size.width, size.width)
      ($0.minHeight, $0.maxHeight) = (size.height, size.height)
    }
  }
}

extension Colour {
  /// By the fields of `v4l2_pix_format`; where they say nothing, what the format of the picture says by
  /// default, as the header has it.
  fileprivate init(_ format: v4l2_pix_format) {
    let space = v4l2_colorspace(format.colorspace)
    let isVideo =
      space == V4L2_COLORSPACE_REC709 || space == V4L2_COLORSPACE_SMPTE170M
      || space == V4L2_COLORSPACE_BT2020
    self.init()
    matrix =
      switch v4l2_ycbcr_encoding(format.ycbcr_enc) {
      case V4L2_YCBCR_ENC_709, V4L2_YCBCR_ENC_XV709: .bt709
      case V4L2_YCBCR_ENC_BT2020, V4L2_YCBCR_ENC_BT2020_CONST_LUM: .bt2020
      case V4L2_YCBCR_ENC_DEFAULT where space == V4L2_COLORSPACE_REC709: .bt709
      case V4L2_YCBCR_ENC_DEFAULT where space == V4L2_COLORSPACE_BT2020: .bt2020
      default: .bt601
      }
    range =
      switch v4l2_quantization(format.quantization) {
      case V4L2_QUANTIZATION_FULL_RANGE: .full
      case V4L2_QUANTIZATION_LIM_RANGE: .limited
      default: space == V4L2_COLORSPACE_JPEG ? .full : .limited
      }
    transfer =
      switch v4l2_xfer_func(format.xfer_func) {
      case V4L2_XFER_FUNC_NONE: .linear
      case V4L2_XFER_FUNC_SMPTE2084: .pq
      case V4L2_XFER_FUNC_709: .bt709
      case V4L2_XFER_FUNC_DEFAULT where isVideo: .bt709
      default: .sRGB
      }
    horizontalSiting = .cosited
  }
}
