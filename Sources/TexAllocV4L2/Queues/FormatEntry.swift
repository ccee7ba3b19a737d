internal import CV4L2
internal import TexAlloc

/// `v4l2_format`, by either API of Video4Linux.
@safe struct FormatEntry {
  private var format = unsafe v4l2_format()
  private let isMultiplanar: Bool

  /// What the device has now.
  init(of node: VideoNode, _ side: VideoNode.Side) throws(SystemFailure) {
    isMultiplanar = node.isMultiplanar
    unsafe format.type = node.kind(of: side)
    unsafe try node.call("VIDIOC_G_FMT", texalloc_g_fmt, &format)
  }

  /// Asks what the driver makes of it, and takes that.
  mutating func tryOut(on node: VideoNode) throws(SystemFailure) {
    unsafe try node.call("VIDIOC_TRY_FMT", texalloc_try_fmt, &format)
  }

  /// Has the driver take it, and takes what it makes of it.
  mutating func set(on node: VideoNode) throws(SystemFailure) {
    unsafe try node.call("VIDIOC_S_FMT", texalloc_s_fmt, &format)
  }

  /// The numbers of the formats that a queue may have, in the device's order.
  static func codes(of node: VideoNode, _ side: VideoNode.Side) -> [UInt32] {
    var codes: [UInt32] = []
    for index in 0..<UInt32(256) {
      var entry = v4l2_fmtdesc()
      entry.index = index
      entry.type = node.kind(of: side)
      // The end of the list is an error, as what is no list is.
      guard (try? node.call("VIDIOC_ENUM_FMT", texalloc_enum_fmt, &entry)) != nil else { break }
      codes.append(entry.pixelformat)
    }
    return codes
  }

  // The members of the union are numbers, and which of them holds is known from the node.

  var code: UInt32 {
    get { unsafe isMultiplanar ? format.fmt.pix_mp.pixelformat : format.fmt.pix.pixelformat }
    set {
      if isMultiplanar {
        unsafe format.fmt.pix_mp.pixelformat = newValue
      } else {
        unsafe format.fmt.pix.pixelformat = newValue
      }
    }
  }

  var size: ImageSize {
    get {
      let (width, height) =
        unsafe isMultiplanar
        ? (format.fmt.pix_mp.width, format.fmt.pix_mp.height)
        : (format.fmt.pix.width, format.fmt.pix.height)
      return ImageSize(width: Int(width), height: Int(height))
    }
    set {
      let (width, height) = (UInt32(clamping: newValue.width), UInt32(clamping: newValue.height))
      if isMultiplanar {
        unsafe (format.fmt.pix_mp.width, format.fmt.pix_mp.height) = (width, height)
      } else {
        unsafe (format.fmt.pix.width, format.fmt.pix.height) = (width, height)
      }
    }
  }

  /// Bytes from one row to the next.
  var pitch: Int {
    get {
      unsafe Int(
        isMultiplanar
          ? format.fmt.pix_mp.plane_fmt.0.bytesperline : format.fmt.pix.bytesperline)
    }
    set {
      if isMultiplanar {
        unsafe format.fmt.pix_mp.plane_fmt.0.bytesperline = UInt32(clamping: newValue)
      } else {
        unsafe format.fmt.pix.bytesperline = UInt32(clamping: newValue)
      }
    }
  }

  /// Of the whole image.
  var bytes: Int {
    get {
      unsafe Int(
        isMultiplanar ? format.fmt.pix_mp.plane_fmt.0.sizeimage : format.fmt.pix.sizeimage)
    }
    set {
      if isMultiplanar {
        unsafe format.fmt.pix_mp.plane_fmt.0.sizeimage = UInt32(clamping: newValue)
      } else {
        unsafe format.fmt.pix.sizeimage = UInt32(clamping: newValue)
      }
    }
  }

  var field: v4l2_field {
    get {
      unsafe v4l2_field(isMultiplanar ? format.fmt.pix_mp.field : format.fmt.pix.field)
    }
    set {
      if isMultiplanar {
        unsafe format.fmt.pix_mp.field = newValue.rawValue
        // What the driver takes for its own is asked for anew.
        unsafe format.fmt.pix_mp.num_planes = 1
      } else {
        unsafe format.fmt.pix.field = newValue.rawValue
      }
    }
  }

  /// Memories that each image lies in.
  var planeCount: Int { unsafe isMultiplanar ? Int(format.fmt.pix_mp.num_planes) : 1 }

  var colour: Colour {
    unsafe isMultiplanar
      ? Colour(
        space: format.fmt.pix_mp.colorspace, encoding: format.fmt.pix_mp.ycbcr_enc,
        quantization: format.fmt.pix_mp.quantization, transfer: format.fmt.pix_mp.xfer_func)
      : Colour(
        space: format.fmt.pix.colorspace, encoding: UInt8(clamping: format.fmt.pix.ycbcr_enc),
        quantization: UInt8(clamping: format.fmt.pix.quantization),
        transfer: UInt8(clamping: format.fmt.pix.xfer_func))
  }
}

extension Colour {
  /// By the numbers of a format; where they say nothing, what its colour space says by default, as the header
  /// has it.
  fileprivate init(space: UInt32, encoding: UInt8, quantization: UInt8, transfer: UInt8) {
    let space = v4l2_colorspace(space)
    let isVideo =
      space == V4L2_COLORSPACE_REC709 || space == V4L2_COLORSPACE_SMPTE170M
      || space == V4L2_COLORSPACE_BT2020
    self.init()
    matrix =
      switch v4l2_ycbcr_encoding(UInt32(encoding)) {
      case V4L2_YCBCR_ENC_709, V4L2_YCBCR_ENC_XV709: .bt709
      case V4L2_YCBCR_ENC_BT2020, V4L2_YCBCR_ENC_BT2020_CONST_LUM: .bt2020
      case V4L2_YCBCR_ENC_DEFAULT where space == V4L2_COLORSPACE_REC709: .bt709
      case V4L2_YCBCR_ENC_DEFAULT where space == V4L2_COLORSPACE_BT2020: .bt2020
      default: .bt601
      }
    range =
      switch v4l2_quantization(UInt32(quantization)) {
      case V4L2_QUANTIZATION_FULL_RANGE: .full
      case V4L2_QUANTIZATION_LIM_RANGE: .limited
      default: space == V4L2_COLORSPACE_JPEG ? .full : .limited
      }
    self.transfer =
      switch v4l2_xfer_func(UInt32(transfer)) {
      case V4L2_XFER_FUNC_NONE: .linear
      case V4L2_XFER_FUNC_SMPTE2084: .pq
      case V4L2_XFER_FUNC_709: .bt709
      case V4L2_XFER_FUNC_DEFAULT where isVideo: .bt709
      default: .sRGB
      }
    horizontalSiting = .cosited
  }
}
