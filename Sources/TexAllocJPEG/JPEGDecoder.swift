internal import CJPEG
public import TexAlloc

/// [libjpeg-turbo] as a component: what it asks of the memory that it decodes into.
///
/// It writes pixels of four bytes, or of one, straight to where they belong, row after row, and never
/// reads them back. Whole lines leave it at once where a row begins on a line, hence the alignments.
///
/// [libjpeg-turbo]: https://libjpeg-turbo.org
public struct JPEGDecoder: Component {
  public static let component = JPEGDecoder()

  /// What any JPEG file can be decoded to; most wanted first. Alpha is opaque, and so is the ignored
  /// byte; `r8` is the brightness.
  public static let formats: [Fourcc] = [.abgr8888, .xbgr8888, .argb8888, .xrgb8888, .r8]

  public var attributes: BufferAttributes { Self.attributes(for: Self.formats) }

  static func attributes(for formats: [Fourcc]) -> BufferAttributes {
    BufferAttributes(name: "jpeg") {
      $0.formats = formats.map { Format($0) }
      $0.pitchAlignment = PlaneWriter.lineSize
      $0.offsetAlignment = PlaneWriter.lineSize
      $0.maxWidth = Int(texalloc_jpeg_max_side)
      $0.maxHeight = Int(texalloc_jpeg_max_side)
      $0.cpuUsage = [.sequentialWrite]
    }
  }

  /// How pixels of a format lie in memory; nil for one that is not written.
  static func order(of format: Format) -> texalloc_jpeg_order? {
    guard format.modifier == .linear else { return nil }
    return switch format.fourcc {
    case .abgr8888, .xbgr8888: .rgba
    case .argb8888, .xrgb8888: .bgra
    case .r8: .grey
    default: nil
    }
  }
}
