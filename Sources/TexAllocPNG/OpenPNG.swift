internal import CPNGReader
internal import TexAlloc

/// A file that libpng reads, from bytes that outlive it.
@safe struct OpenPNG: ~Escapable {
  let header: texalloc_png_header
  private let name: String
  private let owner: ReaderOwner
  private var reader: OpaquePointer { unsafe owner.reader }

  /// Reads up to the first pixel.
  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, named name: String, _ limits: PNGLimits) throws(ImageDecodingError) {
    var terms = texalloc_png_terms(
      width: UInt32(clamping: limits.width), chunk_bytes: max(1, limits.chunkBytes),
      chunks: UInt32(clamping: max(1, limits.chunks)))
    // The reader is closed before the bytes go: this value does not outlive them.
    let reader = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe texalloc_png_open(bytes.baseAddress, bytes.count, &terms)
    }
    guard let reader = unsafe reader else { throw ImageDecodingError(name, .outOfMemory) }
    owner = unsafe ReaderOwner(reader)
    self.name = name
    var header = texalloc_png_header()
    let result = unsafe texalloc_png_read_header(reader, &header)
    self.header = header
    try check(result, .header)
  }

  /// The last thing that was not as it should be; empty where all was.
  var message: String { unsafe String(cString: texalloc_png_message(reader)) }

  /// An ICC profile.
  var profile: [UInt8]? {
    var size = 0
    let bytes = unsafe texalloc_png_profile(reader, &size)
    return unsafe bytes.map { unsafe Array(UnsafeBufferPointer(start: $0, count: size)) }
  }

  var exif: [UInt8]? {
    var size = 0
    let bytes = unsafe texalloc_png_exif(reader, &size)
    return unsafe bytes.map { unsafe Array(UnsafeBufferPointer(start: $0, count: size)) }
  }

  /// Gets ready to decode to four bytes a pixel.
  func start(blueFirst: Bool) throws(ImageDecodingError) {
    try check(unsafe texalloc_png_start(reader, blueFirst), .header)
  }

  /// Decodes the next row of a pass.
  ///
  /// - Parameters:
  ///   - row: Room for four bytes a pixel; of an interlaced file, as the pass before left it.
  ///   - place: Where the file is no longer right if this fails.
  func readRow(
    into row: inout MutableSpan<UInt8>, at place: ImageDecodingError.Place
  ) throws(ImageDecodingError) {
    precondition(row.count == Int(header.width) * 4)
    let result = unsafe row.withUnsafeMutableBufferPointer {
      unsafe texalloc_png_read_row(reader, $0.baseAddress)
    }
    try check(result, place)
  }

  /// Reads what stands behind the pixels.
  func readEnd() throws(ImageDecodingError) {
    try check(unsafe texalloc_png_read_end(reader), .end)
  }

  private func check(
    _ result: texalloc_png_result, _ place: ImageDecodingError.Place
  ) throws(ImageDecodingError) {
    switch result {
    case .done: return
    case .truncated: throw ImageDecodingError(name, .truncated(place))
    case .damaged: throw ImageDecodingError(name, .damaged(message, place))
    case .out_of_memory: throw ImageDecodingError(name, .outOfMemory)
    }
  }
}

/// Closes the reader.
@safe private final class ReaderOwner {
  let reader: OpaquePointer

  @unsafe init(_ reader: OpaquePointer) { unsafe self.reader = reader }

  deinit { unsafe texalloc_png_close(reader) }
}
