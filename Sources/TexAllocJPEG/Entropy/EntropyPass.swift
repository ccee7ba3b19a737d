internal import CHuffman
internal import Glibc
internal import TexAlloc

/// From a file in memory to a stream of its coefficients.
struct EntropyPass: ~Copyable {
  /// Entries take about six times the bytes of the code, whatever its quality.
  private static let expansion = 7
  private static let leastPiece = 64 << 10

  private let header: ImageHeader
  private let region: ImageRegion
  private let warnings: [String]
  private let memory: CoefficientMemory
  /// Of the thread's processor time.
  private let timeLimit, deadline: Duration
  private var entries: [CoefficientStream.Entries] = []

  /// - Parameters:
  ///   - header: Of the part of the picture that is wanted.
  ///   - region: Which that is, of the pixels as they are stored.
  ///   - warnings: What was wrong with it.
  ///   - timeLimit: Of the thread's processor time.
  init(
    _ header: ImageHeader, _ region: ImageRegion, _ warnings: [String],
    in memory: CoefficientMemory, within timeLimit: Duration
  ) {
    self.header = header
    self.region = region
    self.warnings = warnings
    self.memory = memory
    self.timeLimit = timeLimit
    deadline = processorTime() + timeLimit
  }

  /// - Parameters:
  ///   - format: Of the scan.
  ///   - fileSize: Bytes.
  ///   - next: Reads some more units.
  consuming func run(
    _ scan: borrowing OpenScan, as format: CoefficientFormat, fileSize: Int,
    _ goOn: (Double) -> Bool,
    reading next: (borrowing OpenScan) throws(CoefficientsRefused) -> OpenScan.Progress
  ) throws(CoefficientsRefused) -> CoefficientStream {
    let offsetSize = (scan.blockTotal + 1) * 4
    guard offsetSize <= CoefficientMemory.largestPiece else { throw .odd("too many blocks") }
    let offsets = try makePiece(of: offsetSize)
    do {
      var writer = offsets.writer()
      _ = try unsafe writer.decodeRows(from: 0) { start, rows throws(CoefficientsRefused) in
        unsafe scan.writeOffsets(to: .init(start: start, count: rows * offsets.pitch))
        try writeEntries(of: scan, fileSize, goOn, next)
        return 0
      }
    }
    return CoefficientStream(
      header, region, of: scan.size, format, quantization: scan.quantization,
      offsets: offsets,
      entries: entries, entryCount: scan.entryCount, warnings: warnings)
  }

  private mutating func writeEntries(
    of scan: borrowing OpenScan, _ fileSize: Int, _ goOn: (Double) -> Bool,
    _ next: (borrowing OpenScan) throws(CoefficientsRefused) -> OpenScan.Progress
  ) throws(CoefficientsRefused) {
    let most = scan.blockTotal * 64 * 4
    let expected = min(fileSize * Self.expansion, most)
    var size = max(expected, Self.leastPiece)
    var hasEnded = false
    while !hasEnded {
      let piece = try makePiece(of: min(size, most, CoefficientMemory.largestPiece))
      let (firstBlock, firstEntry) = (scan.blockCount, scan.entryCount)
      do {
        var writer = piece.writer()
        _ = try unsafe writer.decodeRows(from: 0) { start, rows throws(CoefficientsRefused) in
          unsafe scan.writeEntries(to: .init(start: start, count: rows * piece.pitch))
          hasEnded = try readOn(scan, goOn, next)
          return 0
        }
      }
      if firstBlock < scan.blockCount {
        entries.append(.init(in: piece, of: firstBlock..<scan.blockCount, from: firstEntry))
      }
      size = max(expected / 4, Self.leastPiece)
    }
  }

  /// Reads until the memory is full, or the file at its end.
  ///
  /// - Returns: Whether it is.
  private func readOn(
    _ scan: borrowing OpenScan, _ goOn: (Double) -> Bool,
    _ next: (borrowing OpenScan) throws(CoefficientsRefused) -> OpenScan.Progress
  ) throws(CoefficientsRefused) -> Bool {
    while true {
      switch try next(scan) {
      case .ended:
        guard goOn(1) else { throw failed(.cancelled) }
        return true
      case .full: return false
      case .paused:
        guard goOn(Double(scan.blockCount) / Double(scan.blockTotal)) else {
          throw failed(.cancelled)
        }
        guard processorTime() < deadline else {
          let limit = Int(timeLimit / .milliseconds(1))
          throw failed(.tooMuch("milliseconds", found: limit + 1, limit: limit))
        }
      }
    }
  }

  private func failed(_ reason: ImageDecodingError.Reason) -> CoefficientsRefused {
    .failed(ImageDecodingError(header.name, reason))
  }

  private func makePiece(of size: Int) throws(CoefficientsRefused) -> TextureBuffer {
    let piece: TextureBuffer
    do { piece = try memory.makePiece(of: size, named: "\(header.name), coefficients") } catch {
      throw .noMemory(error)
    }
    // Padding between rows would come in between.
    guard piece.layout.rowSize(ofPlane: 0) == piece.pitch else {
      throw .odd("memory whose rows are apart")
    }
    return piece
  }
}

extension TextureBuffer {
  fileprivate var pitch: Int { layout.planes[0].pitch }
}

/// What the thread has spent.
func processorTime() -> Duration {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
