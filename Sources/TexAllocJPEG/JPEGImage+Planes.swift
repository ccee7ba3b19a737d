internal import CJPEG
public import TexAlloc

extension JPEGImage {
  /// The formats in which the file's luma and chroma are planes of their own, as many samples as it has:
  /// half the bytes of colours where it halves chroma both ways. Chroma interleaved first; none where
  /// ``planarObstacle`` says why. At a part of the size libjpeg-turbo takes chroma that is halved both ways
  /// from larger blocks than luma, so that there are as many samples of it as of luma.
  ///
  /// What the numbers mean is in the descriptor: BT.601, of full range, each sample of chroma in the
  /// middle of those of luma, as JFIF has it.
  public var planarFormats: [Fourcc] { planar.formats }

  /// Why it can be decoded to colours only; nil where it can be had as planes.
  public var planarObstacle: String? { planar.obstacle }
}

/// As which planes a file can be had.
struct PlanarCoding: Hashable, Sendable {
  var formats: [Fourcc] = []
  var obstacle: String?

  /// - Parameter isConverted: Whether its colours are, by a profile.
  init(_ header: texalloc_jpeg_header, _ part: DecodedPart, isConverted: Bool) {
    guard header.component_count == 3, !header.is_rgb else {
      obstacle = header.is_grey ? "it has no chroma" : "its colours are not luma and chroma"
      return
    }
    guard !isConverted else {
      obstacle = "a colour profile is applied, to red, green and blue"
      return
    }
    let (across, down) = (part.scale.across, part.scale.down)
    let sampling = [(across.0, down.0), (across.1, down.1), (across.2, down.2)]
    guard sampling[1] == sampling[2], sampling[0].0 % sampling[1].0 == 0,
      sampling[0].1 % sampling[1].1 == 0
    else {
      let (across, down) = (header.across, header.down)
      obstacle =
        "no format has planes sampled \(across.0)x\(down.0), \(across.1)x\(down.1),"
        + " \(across.2)x\(down.2)"
      return
    }
    let shared = (Int(sampling[0].0 / sampling[1].0), Int(sampling[0].1 / sampling[1].1))
    let known: [Fourcc] =
      switch shared {
      case (1, 1): [.nv24, .yuv444]
      case (2, 1): [.nv16, .yuv422]
      case (2, 2): [.nv12, .yuv420]
      case (4, 1): [.yuv411]
      default: []
      }
    if known.isEmpty {
      obstacle = "no format has a sample of chroma for \(shared.0)x\(shared.1) pixels"
    } else if part.columns.lowerBound % shared.0 != 0 || part.rows.lowerBound % shared.1 != 0 {
      obstacle = "the region begins within a sample of chroma, of \(shared.0)x\(shared.1) pixels"
    } else {
      formats = known
    }
  }
}
