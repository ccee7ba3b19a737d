internal import CJPEG
internal import DecoderSupport
internal import TexAlloc

/// The small picture that a file has in its EXIF: a JPEG file of its own.
struct Thumbnail {
  let source: ImageSource
  let orientation: Orientation
  /// Pixels of the picture that it stands for, as it is to be shown.
  let pictureSize: ImageSize

  /// Reads a file up to its first scan.
  init(
    of source: ImageSource, by decoder: JPEGDecoder
  ) throws(ImageDecodingError) {
    try FileSignature.jpeg.check(source)
    let terms = decoder.limits.terms(salvages: false, keepsMarkers: true)
    let id = JPEGImage.ID()
    self = try decoder.withDecompressor(for: id, named: source.name) {
      tool throws(ImageDecodingError) in
      try tool.readHeader(of: id, source, terms) { file throws(ImageDecodingError) in
        try Thumbnail(in: file)
      }
    }
  }

  private init(in file: borrowing OpenJPEG) throws(ImageDecodingError) {
    guard let exif = file.segments(ofKind: 1).first else {
      throw file.error(.noThumbnail("the file has no EXIF"))
    }
    let found: EXIF.Thumbnail?
    let upright: Orientation
    do throws(EXIF.Malformed) {
      found = try EXIF.thumbnail(in: exif.span)
      upright = try EXIF.orientation(in: exif.span)
    } catch {
      throw file.error(.noThumbnail(error.message))
    }
    guard let found else { throw file.error(.noThumbnail("its EXIF has none")) }
    let bytes = Array(exif[found.bytes])
    guard FileSignature.jpeg.begins(bytes.span) else {
      throw file.error(.noThumbnail("it is no JPEG"))
    }
    source = ImageSource(bytes, named: file.name)
    orientation = found.orientation
    pictureSize = upright.upright(
      ImageSize(width: Int(file.header.width), height: Int(file.header.height)))
  }

  /// Whether its proportions are those of the picture.
  ///
  /// - Parameter size: Its own, as it is to be shown.
  /// - Throws: `noThumbnail`.
  func requirePreview(_ size: ImageSize) throws(ImageDecodingError) {
    let (own, other) = (size.width * pictureSize.height, size.height * pictureSize.width)
    guard abs(own - other) * 100 <= other else {
      throw ImageDecodingError(
        source.name,
        .noThumbnail("the proportions of \(size) are not those of \(pictureSize)"))
    }
  }
}
