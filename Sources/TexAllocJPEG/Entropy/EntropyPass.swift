internal import CHuffman
internal import Glibc
internal import Synchronization
internal import TexAlloc

/// From a file in memory to a stream of its coefficients, part by part, on as many threads as there are.
struct EntropyPass {
  typealias Part = texalloc_huffman_part

  /// Entries take about six times the bytes of the code, whatever its quality.
  private static let expansion = 7
  private static let leastPiece = 64 << 10

  private let name: String
  private let fileSize: Int
  private let memory: CoefficientMemory
  private let watch: EntropyWatch

  /// - Parameters:
  ///   - fileSize: Bytes.
  ///   - timeLimit: Of the threads' processor time.
  init(_ name: String, of fileSize: Int, in memory: CoefficientMemory, within timeLimit: Duration) {
    self.name = name
    self.fileSize = fileSize
    self.memory = memory
    watch = EntropyWatch(name, timeLimit)
  }

  /// - Parameter read: Reads the part of a number.
  func run(
    _ count: Int, on workers: any Workers,
    _ read: @Sendable (Int) throws(CoefficientsRefused) -> CoefficientStream.Part
  ) throws(CoefficientsRefused) -> [CoefficientStream.Part] {
    let outcomes = Mutex([CoefficientStream.Part?](repeating: nil, count: count))
    workers.run(count) { number in
      guard !watch.hasFailed else { return }
      do throws(CoefficientsRefused) {
        let part = try read(number)
        outcomes.withLock { $0[number] = part }
      } catch {
        watch.fail(error)
      }
    }
    try watch.requireSuccess()
    return outcomes.withLock { outcomes in
      outcomes.enumerated().map { number, part in
        guard let part else { preconditionFailure("part \(number) of \(count) was not run") }
        return part
      }
    }
  }

  /// - Parameters:
  ///   - total: Blocks of all parts.
  ///   - next: Reads some more units.
  func read(
    _ part: Part, of scan: borrowing OpenScan, total: Int, _ goOn: (Double) -> Bool,
    _ next: (borrowing OpenScan) throws(CoefficientsRefused) -> OpenScan.Progress
  ) throws(CoefficientsRefused) -> CoefficientStream.Part {
    let blocks = scan.blocks(of: part)
    let offsetSize = (blocks.count + 1) * 4
    guard offsetSize <= CoefficientMemory.largestPiece else { throw .odd("too many blocks") }
    let offsets = try makePiece(of: offsetSize)
    scan.begin(part)
    var timer = EntropyTimer(watch)
    var entries: [CoefficientStream.Entries] = []
    do {
      var writer = offsets.writer()
      _ = try unsafe writer.decodeRows(from: 0) { start, rows throws(CoefficientsRefused) in
        unsafe scan.writeOffsets(to: .init(start: start, count: rows * offsets.pitch))
        entries = try writeEntries(of: scan, blocks) { scan throws(CoefficientsRefused) in
          let (before, progress) = (scan.blockCount, try next(scan))
          try timer.note(scan.blockCount - before, of: total, goOn)
          return progress
        }
        return 0
      }
    }
    return CoefficientStream.Part(
      of: blocks, offsets: offsets, entries: entries, entryCount: scan.entryCount)
  }

  private func writeEntries(
    of scan: borrowing OpenScan, _ blocks: Range<Int>,
    _ next: (borrowing OpenScan) throws(CoefficientsRefused) -> OpenScan.Progress
  ) throws(CoefficientsRefused) -> [CoefficientStream.Entries] {
    var entries: [CoefficientStream.Entries] = []
    let most = blocks.count * 64 * 4
    let share = Double(blocks.count) / Double(scan.blockTotal)
    let expected = min(Int(Double(fileSize * Self.expansion) * share), most)
    var size = max(expected, Self.leastPiece)
    var hasEnded = false
    while !hasEnded {
      let piece = try makePiece(of: min(size, most, CoefficientMemory.largestPiece))
      let (firstBlock, firstEntry) = (scan.blockCount, scan.entryCount)
      do {
        var writer = piece.writer()
        _ = try unsafe writer.decodeRows(from: 0) { start, rows throws(CoefficientsRefused) in
          unsafe scan.writeEntries(to: .init(start: start, count: rows * piece.pitch))
          var progress = OpenScan.Progress.paused
          while progress == .paused { progress = try next(scan) }
          hasEnded = progress == .ended
          return 0
        }
      }
      if firstBlock < scan.blockCount {
        let own = firstBlock + blocks.lowerBound..<scan.blockCount + blocks.lowerBound
        entries.append(.init(in: piece, of: own, from: firstEntry))
      }
      size = max(expected / 4, Self.leastPiece)
    }
    return entries
  }

  private func makePiece(of size: Int) throws(CoefficientsRefused) -> TextureBuffer {
    let piece: TextureBuffer
    do { piece = try memory.makePiece(of: size, named: "\(name), coefficients") } catch {
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
