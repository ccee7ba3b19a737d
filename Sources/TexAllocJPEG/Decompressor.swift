internal import CJPEG
internal import SystemPackage
internal import TexAlloc

/// One decompressor of libjpeg-turbo, with the rows that lie in the cache on their way: made once, for
/// one file after another.
@safe final class Decompressor: @unchecked Sendable {  // one thread takes it from the idle ones
  /// The image whose header was read last, and which can be gone on with.
  private(set) var heldImage: JPEGImage.ID?
  private var rows = CachedRows()
  private let reader: OpaquePointer

  init?() {
    guard let reader = unsafe texalloc_jpeg_open() else { return nil }
    unsafe self.reader = reader
  }

  deinit { unsafe texalloc_jpeg_close(reader) }

  /// Reads the header of an image for the body, and holds it afterwards.
  func readHeader<Result>(
    of image: JPEGImage.ID, _ source: ImageSource, _ terms: texalloc_jpeg_terms,
    _ body: (borrowing OpenJPEG) throws(ImageDecodingError) -> Result
  ) throws(ImageDecodingError) -> Result {
    heldImage = nil
    let result = try open(source, terms, resuming: nil) { file, _ throws(ImageDecodingError) in
      try body(file)
    }
    unsafe texalloc_jpeg_drop_segments(reader)
    heldImage = image
    return result
  }

  /// Lets the body decode an image, and gives up what that took. The header is read again where it is
  /// not held.
  func decode<Result>(
    _ image: JPEGImage, _ terms: texalloc_jpeg_terms,
    _ body: (borrowing OpenJPEG, inout CachedRows) throws(ImageDecodingError) -> Result
  ) throws(ImageDecodingError) -> Result {
    let header = heldImage == image.id ? image.coding : nil
    heldImage = nil
    defer { unsafe texalloc_jpeg_finish(reader) }
    return try open(image.source, terms, resuming: header, body)
  }

  private func open<Result>(
    _ source: ImageSource, _ terms: texalloc_jpeg_terms, resuming header: texalloc_jpeg_header?,
    _ body: (borrowing OpenJPEG, inout CachedRows) throws(ImageDecodingError) -> Result
  ) throws(ImageDecodingError) -> Result {
    let inMemory = try source.withBytesInMemory { bytes throws(ImageDecodingError) in
      // The bytes outlive the body, and what it is given ends with it.
      try unsafe bytes.withUnsafeBufferPointer { bytes throws(ImageDecodingError) in
        let input = unsafe texalloc_jpeg_input(
          bytes: bytes.baseAddress, size: bytes.count, read: nil, context: nil)
        return try body(
          unsafe OpenJPEG(reader, input, terms, source, feed: nil, resuming: header), &rows)
      }
    }
    if let inMemory { return inMemory }
    let feed = FileFeed(source)
    let input = unsafe texalloc_jpeg_input(
      bytes: nil, size: 0, read: FileFeed.read, context: Unmanaged.passUnretained(feed).toOpaque())
    return try body(
      unsafe OpenJPEG(reader, input, terms, source, feed: feed, resuming: header), &rows)
  }
}

/// What the library reads a file from, piece by piece, and why it could not.
final class FileFeed {
  private let source: ImageSource
  private(set) var failure: ImageDecodingError?

  init(_ source: ImageSource) { self.source = source }

  /// The context is a feed, which whoever passed it keeps.
  static let read:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int, UInt64
    ) -> Int = { context, bytes, size, offset in
      guard let context = unsafe context, let bytes = unsafe bytes else { return -1 }
      let feed = unsafe Unmanaged<FileFeed>.fromOpaque(context).takeUnretainedValue()
      var piece = unsafe MutableSpan(_unsafeStart: bytes, count: size)
      return feed.read(into: &piece, at: offset)
    }

  private func read(into piece: inout MutableSpan<UInt8>, at offset: UInt64) -> Int {
    do throws(ImageDecodingError) {
      return try source.read(into: &piece, at: Int(clamping: offset))
    } catch {
      failure = error
      return -1
    }
  }
}

/// A file whose header was read, in the hands of a decompressor.
@safe struct OpenJPEG: ~Copyable {
  let name: String
  /// Bytes that the file had when it was opened.
  let size: Int
  let header: texalloc_jpeg_header
  let reader: OpaquePointer
  private let input: texalloc_jpeg_input
  private let terms: texalloc_jpeg_terms
  private let feed: FileFeed?

  /// - Parameters:
  ///   - reader: Outlives this, as does what the input points to.
  ///   - feed: What the input reads from.
  ///   - header: The one that it has read; nil to read it.
  @unsafe fileprivate init(
    _ reader: OpaquePointer, _ input: texalloc_jpeg_input, _ terms: texalloc_jpeg_terms,
    _ source: ImageSource, feed: FileFeed?, resuming held: texalloc_jpeg_header?
  ) throws(ImageDecodingError) {
    name = source.name
    size = source.size
    unsafe self.reader = reader
    unsafe self.input = input
    self.terms = terms
    self.feed = feed
    if let held {
      header = held
      unsafe texalloc_jpeg_resume(reader, [input], [terms])
    } else {
      var header = texalloc_jpeg_header()
      let result = unsafe texalloc_jpeg_read_header(reader, [input], [terms], &header)
      self.header = header
      try check(result)
    }
  }

  /// Has it decoded to a part of its size.
  @discardableResult
  func setScale(_ eighths: UInt32) throws(ImageDecodingError) -> texalloc_jpeg_scale {
    var scale = texalloc_jpeg_scale()
    try check(unsafe texalloc_jpeg_set_scale(reader, eighths, &scale))
    return scale
  }

  /// Begins again, from the start of the file.
  func startAgain(_ order: texalloc_jpeg_order?, _ eighths: UInt32) throws(ImageDecodingError) {
    var header = texalloc_jpeg_header()
    try check(unsafe texalloc_jpeg_read_header(reader, [input], [terms], &header))
    try start(order, eighths)
  }

  /// - Parameter order: Of the bytes of pixels; nil for planes.
  func start(_ order: texalloc_jpeg_order?, _ eighths: UInt32) throws(ImageDecodingError) {
    try setScale(eighths)
    guard let order else { return try check(unsafe texalloc_jpeg_start_planes(reader)) }
    try check(unsafe texalloc_jpeg_start(reader, order))
  }

  /// Reads on without giving rows: a little at a time, until the end is seen.
  func readOn() throws(ImageDecodingError) -> texalloc_jpeg_position {
    var position = texalloc_jpeg_position()
    try check(unsafe texalloc_jpeg_read_on(reader, &position))
    return position
  }

  /// Takes the file for ended.
  func endHere() throws(ImageDecodingError) { try check(unsafe texalloc_jpeg_end_here(reader)) }

  func startRows() throws(ImageDecodingError) { try check(unsafe texalloc_jpeg_start_rows(reader)) }

  /// Has rows hold only some columns, and what that takes.
  ///
  /// - Returns: Those that they hold.
  func crop(to columns: Range<Int>) throws(ImageDecodingError) -> Range<Int> {
    var (start, width) = (UInt32(columns.lowerBound), UInt32(columns.count))
    try check(unsafe texalloc_jpeg_crop(reader, &start, &width))
    return Int(start)..<Int(start + width)
  }

  /// Passes over rows, of those that are left.
  func skipRows(_ count: Int) throws(ImageDecodingError) {
    try check(unsafe texalloc_jpeg_skip_rows(reader, UInt32(count)))
  }

  /// Decodes the next rows.
  ///
  /// - Parameter rows: Room for `count` rows, of those that are left.
  @unsafe func readRows(
    _ rows: UnsafeMutableRawPointer, pitch: Int, count: Int
  ) throws(ImageDecodingError) {
    try check(unsafe texalloc_jpeg_read_rows(reader, rows, pitch, UInt32(count)))
  }

  /// Decodes the next row of blocks of each colour, of a file that was started for planes.
  ///
  /// - Parameter start: Room for what the places say.
  @unsafe func readPlanes(
    _ start: UnsafeMutableRawPointer, _ places: texalloc_jpeg_places
  ) throws(ImageDecodingError) {
    try check(unsafe texalloc_jpeg_read_planes(reader, start, [places]))
  }

  /// Rows that were decoded, those of a call that failed included.
  var rowCount: Int { Int(unsafe texalloc_jpeg_row_count(reader)) }

  /// Whether every colour has a scan that was begun.
  var hasAllColours: Bool { unsafe texalloc_jpeg_has_all_colours(reader) }

  /// The first thing by which pixels are lost, or which ended the reading.
  var damage: texalloc_jpeg_note? { unsafe texalloc_jpeg_first_damage(reader)?.pointee }

  /// What was not as it should be, the first of each kind, in words.
  var notes: [String] {
    let count = unsafe texalloc_jpeg_note_count(reader)
    return (0..<count).compactMap { unsafe texalloc_jpeg_get_note(reader, $0)?.pointee.text }
  }

  /// What was kept of the markers of a kind.
  func segments(ofKind kind: Int32) -> [[UInt8]] {
    let count = unsafe texalloc_jpeg_segment_count(reader)
    return (0..<count).compactMap { index in
      let segment = unsafe texalloc_jpeg_get_segment(reader, index)
      guard unsafe segment.kind == kind else { return nil }
      return unsafe [UInt8](UnsafeBufferPointer(start: segment.bytes, count: segment.size))
    }
  }

  /// Of several, what came first explains the rest: what a file that is cut short lacks.
  var reasonOfDamage: ImageDecodingError.Reason {
    guard let damage else { return .damaged("", .header) }
    let place = place(of: damage)
    return damage.result == .truncated ? .truncated(place) : .damaged(damage.text, place)
  }

  private func place(of note: texalloc_jpeg_note) -> ImageDecodingError.Place {
    if note.scan == 0 || header.width == 0 { return .header }
    if header.has_several_scans { return .scan(Int(note.scan)) }
    return note.is_behind_rows ? .end : .row(Int(note.good_rows))
  }

  func error(_ reason: ImageDecodingError.Reason) -> ImageDecodingError {
    ImageDecodingError(name, reason)
  }

  private func check(_ result: texalloc_jpeg_result) throws(ImageDecodingError) {
    if let reason = reason(of: result) { throw ImageDecodingError(name, reason) }
  }

  private func reason(of result: texalloc_jpeg_result) -> ImageDecodingError.Reason? {
    switch result {
    case .done: nil
    case .unsupported: .unsupported(damage?.text ?? "")
    case .truncated, .damaged: reasonOfDamage
    case .out_of_memory: .outOfMemory
    case .unreadable: feed?.failure?.reason ?? .unreadable(.ioError)
    case .too_many_marker_bytes: .tooMuch(.markerBytes, terms.marker_bytes)
    case .too_late: .tooMuch(.time, Int(terms.time / 1_000_000))
    }
  }
}

extension texalloc_jpeg_note {
  /// What the library says, which ends with a zero.
  var text: String {
    unsafe withUnsafeBytes(of: message) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
