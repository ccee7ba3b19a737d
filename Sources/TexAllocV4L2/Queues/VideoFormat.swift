internal import CV4L2
internal import TexAlloc

/// An arrangement of pixels as Video4Linux has it: what `VIDIOC_TRY_FMT` and `VIDIOC_S_FMT` fill.
struct VideoFormat: Hashable, Sendable {
  let fourcc: Fourcc
  /// Pixels that there is room for, down to the last row.
  let size: ImageSize
  /// Bytes from one row of the first plane to the next; the others follow from it.
  let pitch: Int
  /// Bytes of the whole image, as the driver counts them.
  let bytes: Int
  let colour: Colour
  let scanning: Scanning

  /// What the rows of one buffer are.
  enum Scanning: Hashable, Sendable {
    case progressive
    /// Every other row is of another moment.
    case interlaced
    /// A buffer has every other row of a picture, or those of two moments behind one another.
    case fields
  }

  /// Those of the library that Video4Linux has, by its own names; the most are the same. The planes of each
  /// lie behind one another, with pitches that follow from the first: what three planes would make of a
  /// pitch that all suits, the two do not agree on. Where there are several names, the first is asked for.
  private static let names: [(video: String, format: Fourcc)] = [
    ("AB24", .abgr8888), ("XB24", .xbgr8888), ("AR24", .argb8888), ("XR24", .xrgb8888),
    ("BGR4", .xrgb8888), ("BGR3", .rgb888), ("GREY", .r8), ("RGBP", .rgb565), ("YUYV", .yuyv),
    ("UYVY", .uyvy), ("NV12", .nv12), ("NV16", .nv16), ("NV24", .nv24),
  ]

  /// The format that Video4Linux calls so; nil where the library does not know it.
  static func known(_ code: UInt32) -> Fourcc? {
    let text = String(
      decoding: (0..<4).map { UInt8(truncatingIfNeeded: code >> ($0 * 8)) }, as: UTF8.self)
    return names.first { $0.video == text }?.format
  }

  private static func code(of fourcc: Fourcc) -> UInt32? {
    names.first { $0.format == fourcc }.map { code(named: $0.video) }
  }

  private static func code(named name: String) -> UInt32 {
    name.utf8.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// What the device captures now; nil where the library does not know the format.
  static func current(of node: VideoNode) throws(SystemFailure) -> VideoFormat? {
    VideoFormat(try FormatEntry(of: node, .capture))
  }

  /// Asks the driver, or has it take one from now on; answers what it makes of it.
  ///
  /// - Parameters:
  ///   - size: nil for the one that the device has now.
  ///   - pitch: 0 for the driver's own.
  ///   - sets: Whether it is to be taken.
  static func negotiate(
    _ fourcc: Fourcc, _ size: ImageSize?, pitch: Int = 0, sets: Bool = false, with node: VideoNode
  ) throws(SystemFailure) -> VideoFormat? {
    guard let code = code(of: fourcc) else { return nil }
    var entry = try FormatEntry(of: node, .capture)
    if let size { entry.size = size }
    entry.code = code
    entry.pitch = pitch
    entry.bytes = 0
    entry.field = V4L2_FIELD_NONE
    if sets { try entry.set(on: node) } else { try entry.tryOut(on: node) }
    return VideoFormat(entry)
  }

  private init?(_ entry: FormatEntry) {
    guard let known = Self.known(entry.code), entry.planeCount == 1 else { return nil }
    fourcc = known
    (size, pitch, bytes, colour) = (entry.size, entry.pitch, entry.bytes, entry.colour)
    scanning =
      switch entry.field {
      case V4L2_FIELD_NONE, V4L2_FIELD_ANY: .progressive
      case V4L2_FIELD_INTERLACED, V4L2_FIELD_INTERLACED_TB, V4L2_FIELD_INTERLACED_BT: .interlaced
      default: .fields
      }
  }

  /// The formats that the device gives and the library knows, in the device's order.
  static func all(of node: VideoNode) -> [Fourcc] {
    FormatEntry.codes(of: node, .capture).reduce(into: []) { formats, code in
      if let format = known(code), !formats.contains(format) { formats.append(format) }
    }
  }

  /// What the images must be like in memory for the device to write them: as large as it counts, and with
  /// the pitches that it takes. A second plane begins where the first ends, and where others have it begin
  /// on a page, that end is one.
  ///
  /// - Parameter shown: The part of the size that images have, from the upper left corner on.
  func constraints(of shown: ImageSize, asked node: VideoNode) -> BufferConstraints {
    func pitch(for wanted: Int) -> Int? {
      (try? Self.negotiate(fourcc, size, pitch: wanted, with: node))??.pitch
    }
    let planesFollow = fourcc.planes.map { $0.count > 1 } ?? false
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
      if planesFollow { $0.heightAlignment = heightAlignment(showing: shown.height) }
      $0.minSize = bytes
      ($0.minWidth, $0.maxWidth) = (shown.width, shown.width)
      ($0.minHeight, $0.maxHeight) = (shown.height, shown.height)
    }
  }

  /// The rows of which the device has a multiple, with those that are shown; nil where there is no such
  /// number.
  func heightAlignment(showing rows: Int) -> Int? {
    (0..<8).map { 1 << $0 }.first { ((rows + $0 - 1) / $0) * $0 == size.height }
  }

  /// Whether a device writes a format and what Video4Linux calls so alike, but for the order of the numbers: as
  /// many for as many pixels, of colours or of luma and chroma. What the library does not know is like all.
  static func isAlike(_ fourcc: Fourcc, _ code: UInt32) -> Bool {
    func traits(of fourcc: Fourcc) -> [Int] {
      let planes = fourcc.planes ?? []
      let meanings = Set(planes.flatMap { $0.channels.map(\.meaning) })
      let chroma = planes.first { $0.channels.contains { $0.meaning == .blueChroma } }
      return [
        meanings.count, planes.contains(where: \.isRGB) ? 1 : 0,
        chroma?.horizontalSubsampling ?? 0, chroma?.verticalSubsampling ?? 0,
      ]
    }
    guard let other = known(code) ?? planar[code] else { return true }
    return traits(of: fourcc) == traits(of: other)
  }

  /// Those of three planes, which pictures are not taken in, for what they say of a stream.
  private static let planar: [UInt32: Fourcc] = [
    code(named: "YU12"): .yuv420, code(named: "YV12"): .yuv420, code(named: "422P"): .yuv422,
  ]
}
