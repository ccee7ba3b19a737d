internal import CHuffman
internal import TexAlloc

/// Reads the Huffman code of usual files, one after another: see `CHuffman`.
@safe final class EntropyReader: @unchecked Sendable {  // one thread takes it from the idle ones
  private let reader: OpaquePointer

  init?() {
    guard let reader = unsafe texalloc_huffman_open() else { return nil }
    unsafe self.reader = reader
  }

  deinit { unsafe texalloc_huffman_close(reader) }

  /// Lets the body read a file.
  func read<Result>(
    _ file: Span<UInt8>, _ body: (borrowing OpenScan) throws(CoefficientsRefused) -> Result
  ) throws(CoefficientsRefused) -> Result {
    try unsafe file.withUnsafeBufferPointer { bytes throws(CoefficientsRefused) in
      // The bytes outlive the body, and the scan ends with it.
      try body(unsafe OpenScan(reader, bytes))
    }
  }

  /// Lets the body add what somebody else has read of a file.
  ///
  /// - Parameter header: Of its units and their blocks nothing is known yet.
  func add<Result>(
    _ header: texalloc_huffman_header,
    _ body: (borrowing OpenScan) throws(CoefficientsRefused) -> Result
  ) throws(CoefficientsRefused) -> Result {
    try body(unsafe OpenScan(reader, header))
  }
}

/// A file whose coefficients come next: coded, behind the header, or as somebody else has read them.
@safe struct OpenScan: ~Copyable {
  let header: texalloc_huffman_header
  private let reader: OpaquePointer

  /// - Parameters:
  ///   - reader: Outlives this, as do the bytes.
  ///   - file: All of it.
  @unsafe fileprivate init(
    _ reader: OpaquePointer, _ file: UnsafeBufferPointer<UInt8>
  ) throws(CoefficientsRefused) {
    unsafe self.reader = reader
    var header = texalloc_huffman_header()
    let result = unsafe texalloc_huffman_read_header(reader, file.baseAddress, file.count, &header)
    self.header = header
    if result == .odd { throw oddity }
  }

  /// - Parameter reader: Outlives this.
  @unsafe fileprivate init(
    _ reader: OpaquePointer, _ header: texalloc_huffman_header
  ) throws(CoefficientsRefused) {
    unsafe self.reader = reader
    var header = header
    let result = unsafe texalloc_huffman_begin_blocks(reader, &header)
    self.header = header
    if result == .odd { throw oddity }
  }

  var size: ImageSize { ImageSize(width: Int(header.width), height: Int(header.height)) }
  var unitCount: Int { Int(header.units_across) * Int(header.units_down) }
  var blockTotal: Int { unitCount * Int(header.blocks_per_unit) }

  /// As of a file of one scan.
  var format: CoefficientFormat {
    let colours: CoefficientFormat.Colours =
      switch header.colours {
      case .grey: .grey
      case .ycc: .ycc
      case .rgb: .rgb
      }
    return CoefficientFormat(
      colours, components.map { .init(across: Int($0.across), down: Int($0.down)) })
  }

  /// By what the coefficients of each component are multiplied.
  var quantization: [[UInt16]] {
    components.map { component in
      unsafe withUnsafeBytes(of: component.quantization) {
        unsafe [UInt16]($0.bindMemory(to: UInt16.self))
      }
    }
  }

  private var components: [texalloc_huffman_component] {
    let (first, second, third) = header.components
    return Array([first, second, third].prefix(Int(header.component_count)))
  }

  /// All of it where nothing more is wanted.
  ///
  /// - Parameters:
  ///   - rows: Of units, from the first.
  ///   - most: How many parts at most.
  func cut(upTo rows: Int, into most: Int) -> [texalloc_huffman_part] {
    let (end, most) = (UInt32(rows) * header.units_across, max(1, min(most, rows)))
    return unsafe [texalloc_huffman_part](unsafeUninitializedCapacity: most) { parts, count in
      // It has room for so many.
      count = unsafe Int(texalloc_huffman_cut(reader, end, UInt32(most), parts.baseAddress))
    }
  }

  /// Goes where a part begins, and ends with it.
  ///
  /// - Parameter part: Of rows of units, where somebody else has read them; else as the file was cut.
  func begin(_ part: texalloc_huffman_part) {
    unsafe texalloc_huffman_begin_part(reader, [part])
  }

  /// Blocks of a part.
  func blocks(of part: texalloc_huffman_part) -> Range<Int> {
    let perUnit = Int(header.blocks_per_unit)
    return Int(part.first) * perUnit..<Int(part.end) * perUnit
  }

  /// Blocks and entries of the part that were read.
  var blockCount: Int { Int(unsafe texalloc_huffman_block_count(reader)) }
  var entryCount: Int { Int(unsafe texalloc_huffman_entry_count(reader)) }

  /// - Parameter memory: Of whole lines, which nobody else uses as long as this reads.
  @unsafe func writeOffsets(to memory: UnsafeMutableRawBufferPointer) {
    unsafe texalloc_huffman_write_offsets(reader, memory.baseAddress, memory.count)
  }

  /// - Parameter memory: Of whole lines, which nobody else uses until it is full.
  @unsafe func writeEntries(to memory: UnsafeMutableRawBufferPointer) {
    unsafe texalloc_huffman_write_entries(reader, memory.baseAddress, memory.count)
  }

  enum Progress {
    case ended, paused, full
  }

  /// Reads some units of the part: a few milliseconds' work.
  func readOn() throws(CoefficientsRefused) -> Progress {
    let units = 1 << 15 / Int(header.blocks_per_unit)
    return try progress(after: unsafe texalloc_huffman_read(reader, UInt32(units)))
  }

  /// The row of units of the part that is added next, or of which the rest is.
  var nextRow: Int { blockCount / Int(header.blocks_per_unit) / Int(header.units_across) }

  /// Adds that row, or the rest of it.
  ///
  /// - Parameter rows: Of each component four rows of blocks, of which as many are there as a unit has.
  @unsafe func addRow(
    _ rows: UnsafePointer<UnsafePointer<Int16>?>
  ) throws(CoefficientsRefused) -> Progress {
    try progress(after: unsafe texalloc_huffman_add_row(reader, [header], rows))
  }

  private func progress(
    after result: texalloc_huffman_result
  ) throws(CoefficientsRefused) -> Progress {
    switch result {
    case .done: .ended
    case .paused: .paused
    case .full: .full
    case .odd: throw oddity
    }
  }

  private var oddity: CoefficientsRefused {
    .odd(unsafe texalloc_huffman_oddity(reader).map { unsafe String(cString: $0) } ?? "")
  }
}
