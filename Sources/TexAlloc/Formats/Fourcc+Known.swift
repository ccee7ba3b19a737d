// Every format that the library knows, and nothing of it stands elsewhere: to add one is to add its row.
// The constants below are for those that Swift code speaks of by name.

extension Fourcc {
  /// In the order in which devices like them: those that are sampled as they are come first. Each with
  /// the planes that drm_fourcc.h describes.
  static let rows: [(StaticString, [PlaneShape])] = [
    ("AB24", [bytes(.red, .green, .blue, .alpha)]),
    ("XB24", [bytes(.red, .green, .blue, .unused)]),
    ("AR24", [bytes(.blue, .green, .red, .alpha)]),
    ("XR24", [bytes(.blue, .green, .red, .unused)]),
    ("R8  ", [bytes(.red)]),
    ("GR88", [bytes(.red, .green)]),
    ("RG16", [PlaneShape([.init(.blue, bits: 5), .init(.green, bits: 6), .init(.red, bits: 5)])]),
    ("RG24", [bytes(.blue, .green, .red)]),
    ("AB30", [tens(.red, .green, .blue, twos: .alpha)]),
    ("XR30", [tens(.blue, .green, .red, twos: .unused)]),
    ("AB4H", [PlaneShape(words(.red, .green, .blue, .alpha).channels, isFloat: true)]),
    ("R16 ", [words(.red)]),
    ("GR32", [words(.red, .green)]),
    ("YUYV", [bytes(.luma, .blueChroma, .luma, .redChroma, across: 2)]),
    ("UYVY", [bytes(.blueChroma, .luma, .redChroma, .luma, across: 2)]),
    ("NV12", [bytes(.luma), bytes(.blueChroma, .redChroma, across: 2, down: 2)]),
    ("NV16", [bytes(.luma), bytes(.blueChroma, .redChroma, across: 2)]),
    ("NV24", [bytes(.luma), bytes(.blueChroma, .redChroma)]),
    ("P010", [upperTens(.luma), upperTens(.blueChroma, .redChroma, across: 2, down: 2)]),
    (
      "YU12",
      [bytes(.luma), bytes(.blueChroma, across: 2, down: 2), bytes(.redChroma, across: 2, down: 2)]
    ),
    ("YU16", [bytes(.luma), bytes(.blueChroma, across: 2), bytes(.redChroma, across: 2)]),
    ("YU11", [bytes(.luma), bytes(.blueChroma, across: 4), bytes(.redChroma, across: 4)]),
    ("YU24", [bytes(.luma), bytes(.blueChroma), bytes(.redChroma)]),
  ]

  private typealias Meaning = PlaneShape.Channel.Meaning

  /// Elements of such channels of eight bits, from the first byte.
  private static func bytes(_ meanings: Meaning..., across: Int = 1, down: Int = 1) -> PlaneShape {
    PlaneShape(meanings.map { .init($0, bits: 8) }, across: across, down: down)
  }

  /// Of sixteen bits.
  private static func words(_ meanings: Meaning...) -> PlaneShape {
    PlaneShape(meanings.map { .init($0, bits: 16) })
  }

  /// Three of ten bits from the lowest, and one of two.
  private static func tens(_ meanings: Meaning..., twos last: Meaning) -> PlaneShape {
    PlaneShape(meanings.map { .init($0, bits: 10) } + [.init(last, bits: 2)])
  }

  /// Of sixteen bits, of which the upper ten count.
  private static func upperTens(
    _ meanings: Meaning..., across: Int = 1, down: Int = 1
  ) -> PlaneShape {
    PlaneShape(
      meanings.flatMap { [.init(.unused, bits: 6), .init($0, bits: 10)] }, across: across,
      down: down)
  }
}

extension Fourcc {
  /// `R`, `G`, `B`, `A` bytes in memory, in this order.
  public static let abgr8888 = Fourcc(known: "AB24")
  /// `R`, `G`, `B` and an ignored byte.
  public static let xbgr8888 = Fourcc(known: "XB24")
  /// `B`, `G`, `R`, `A` bytes.
  public static let argb8888 = Fourcc(known: "AR24")
  /// `B`, `G`, `R` and an ignored byte.
  public static let xrgb8888 = Fourcc(known: "XR24")
  /// One byte, sampled as red.
  public static let r8 = Fourcc(known: "R8  ")
  /// `R` and `G` bytes.
  public static let gr88 = Fourcc(known: "GR88")
  /// Little-endian 16 bits: red in the upper five, blue in the lower five.
  public static let rgb565 = Fourcc(known: "RG16")
  /// `B`, `G`, `R` bytes.
  public static let rgb888 = Fourcc(known: "RG24")
  /// Little-endian 32 bits: from the top two of alpha, then ten each of blue, green and red.
  public static let abgr2101010 = Fourcc(known: "AB30")
  /// Little-endian 32 bits: from the top two that are ignored, then ten each of red, green and blue.
  public static let xrgb2101010 = Fourcc(known: "XR30")
  /// `R`, `G`, `B`, `A` as half floats.
  public static let abgr16161616f = Fourcc(known: "AB4H")
  /// 16 bits, sampled as red.
  public static let r16 = Fourcc(known: "R16 ")
  /// `R` and `G` of 16 bits each.
  public static let gr1616 = Fourcc(known: "GR32")
  /// `Y0`, `Cb`, `Y1`, `Cr` for two pixels.
  public static let yuyv = Fourcc(known: "YUYV")
  /// `Cb`, `Y0`, `Cr`, `Y1` for two pixels.
  public static let uyvy = Fourcc(known: "UYVY")
  /// A plane of luma, then one of interleaved `Cb`, `Cr` at half width and height.
  public static let nv12 = Fourcc(known: "NV12")
  /// A plane of luma, then one of interleaved `Cb`, `Cr` at half width.
  public static let nv16 = Fourcc(known: "NV16")
  /// A plane of luma, then one of interleaved `Cb`, `Cr`, both of full size.
  public static let nv24 = Fourcc(known: "NV24")
  /// As ``nv12`` with 16 bits for each number, of which the upper ten count.
  public static let p010 = Fourcc(known: "P010")
  /// A plane of luma, then `Cb` and `Cr` planes at half width and height.
  public static let yuv420 = Fourcc(known: "YU12")
  /// A plane of luma, then `Cb` and `Cr` planes at half width.
  public static let yuv422 = Fourcc(known: "YU16")
  /// A plane of luma, then `Cb` and `Cr` planes at a quarter of the width.
  public static let yuv411 = Fourcc(known: "YU11")
  /// Planes of luma, `Cb` and `Cr`, all of full size.
  public static let yuv444 = Fourcc(known: "YU24")
}

extension Format {
  /// The format of this name of ``Fourcc``, linear.
  public static let
    abgr8888 = Format(.abgr8888),
    xbgr8888 = Format(.xbgr8888),
    argb8888 = Format(.argb8888),
    xrgb8888 = Format(.xrgb8888),
    r8 = Format(.r8),
    gr88 = Format(.gr88),
    rgb565 = Format(.rgb565),
    rgb888 = Format(.rgb888),
    abgr2101010 = Format(.abgr2101010),
    xrgb2101010 = Format(.xrgb2101010),
    abgr16161616f = Format(.abgr16161616f),
    r16 = Format(.r16),
    gr1616 = Format(.gr1616),
    yuyv = Format(.yuyv),
    uyvy = Format(.uyvy),
    nv12 = Format(.nv12),
    nv16 = Format(.nv16),
    nv24 = Format(.nv24),
    p010 = Format(.p010),
    yuv420 = Format(.yuv420),
    yuv422 = Format(.yuv422),
    yuv411 = Format(.yuv411),
    yuv444 = Format(.yuv444)
}
