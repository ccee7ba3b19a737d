/// A few rows of pixels in ordinary memory that is used again and again, and one more.
///
/// libjpeg-turbo stores whole lines past the caches where a row is aligned to 16 bytes. Here they are
/// to be read again, so that rows begin where they are not.
struct CachedRows: ~Copyable {
  /// Bytes that are kept from file to file.
  private static let kept = 1 << 20
  private static let misalignment = 8

  private var bytes: [UInt8] = []
  /// Of each row, those that are used.
  private var used = 0..<0
  private var spareSize = 0
  /// Bytes from one row to the next.
  private(set) var pitch = 0
  private var spareStart = 0

  /// Makes room.
  ///
  /// - Parameters:
  ///   - rowSize: Bytes of each of the rows.
  ///   - used: Those of them that are used; all where nil.
  ///   - spareSize: Bytes of the one more.
  mutating func reserve(
    _ count: Int, of rowSize: Int, using used: Range<Int>? = nil, spare spareSize: Int
  ) {
    self.used = used ?? 0..<rowSize
    precondition((0..<rowSize).contains(self.used), "\(self.used) is not within \(rowSize) bytes")
    self.spareSize = spareSize
    pitch = (rowSize + 15) / 16 * 16
    spareStart = Self.misalignment + count * pitch
    let size = spareStart + spareSize
    if bytes.count < size { bytes = [UInt8](repeating: 0, count: size) }
  }

  /// Gives up what is more than usual.
  mutating func shrink() {
    if bytes.count > Self.kept { bytes = [] }
  }

  /// Lets rows be written, the first of them at the start.
  @unsafe mutating func withRows<Failure: Error>(
    _ body: (UnsafeMutableRawPointer) throws(Failure) -> Void
  ) throws(Failure) {
    var all = bytes.mutableSpan
    try unsafe all.withUnsafeMutableBytes { bytes throws(Failure) in
      guard let start = bytes.baseAddress else { return }
      try unsafe body(start + Self.misalignment)
    }
  }

  /// Lets what is used of one of the rows be used, with the one more.
  mutating func withRow<Result>(
    _ row: Int, _ body: (inout MutableSpan<UInt8>, inout MutableSpan<UInt8>) -> Result
  ) -> Result {
    let start = Self.misalignment + row * pitch
    let (used, spareStart, spareSize) = (
      start + used.lowerBound..<start + used.upperBound, spareStart, spareSize
    )
    // Two ranges that do not overlap: a row ends before the one more begins.
    precondition(used.upperBound <= spareStart)
    return unsafe bytes.withUnsafeMutableBufferPointer { bytes in
      var row = unsafe MutableSpan(_unsafeElements: bytes.extracting(used))
      var spare = unsafe MutableSpan(
        _unsafeElements: bytes.extracting(spareStart..<spareStart + spareSize))
      return body(&row, &spare)
    }
  }
}
