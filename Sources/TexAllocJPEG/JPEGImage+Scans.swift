internal import CHuffman
internal import CJPEG
internal import TexAlloc

/// Files with several scans: libjpeg-turbo reads them, and what it has read is packed.
extension JPEGImage {
  /// Of the time that it takes, about as much goes by before the coefficients are packed.
  private static let shareOfReading = 0.9

  func coefficients(
    ofScansAs format: CoefficientFormat, in memory: CoefficientMemory, _ goOn: (Double) -> Bool
  ) throws(CoefficientsRefused) -> CoefficientStream {
    let terms = decoder.limits.terms(salvages: false, keepsMarkers: false)
    let outcome: Result<CoefficientStream, CoefficientsRefused>
    do throws(ImageDecodingError) {
      outcome = try decoder.withDecompressor(for: id, named: name) {
        tool throws(ImageDecodingError) in
        try tool.decode(self, terms) { file, _ throws(ImageDecodingError) in
          guard file.header.isLike(coding) else { return .failure(.odd("another header")) }
          try readScans(of: file) { goOn($0 * Self.shareOfReading) }
          guard file.hasExactCoefficients else {
            return .failure(.odd("coefficients that are not known to the last bit"))
          }
          return Result { () throws(CoefficientsRefused) in
            try pack(file, as: format, in: memory) {
              goOn(Self.shareOfReading + $0 * (1 - Self.shareOfReading))
            }
          }
        }
      }
    } catch {
      switch error.reason {
      case .truncated, .damaged, .unsupported: throw .odd("\(error.reason)")
      default: throw .failed(error)
      }
    }
    return try outcome.get()
  }

  private func readScans(
    of file: borrowing OpenJPEG, _ goOn: (Double) -> Bool
  ) throws(ImageDecodingError) {
    try file.start(.rgba, 8)
    while true {
      let position = try file.readOn()
      guard position.scan <= decoder.limits.scans else {
        throw file.error(.tooMuch(.scans, decoder.limits.scans))
      }
      guard goOn(min(1, Double(position.offset) / Double(max(1, file.size)))) else {
        throw file.error(.cancelled)
      }
      if position.at_end { return }
    }
  }

  private func pack(
    _ file: borrowing OpenJPEG, as format: CoefficientFormat, in memory: CoefficientMemory,
    _ goOn: (Double) -> Bool
  ) throws(CoefficientsRefused) -> CoefficientStream {
    let warnings = warnings + file.notes.filter { !self.warnings.contains($0) }
    // What the library has read outlives this.
    return try decoder.withEntropyReader(for: name) { reader throws(CoefficientsRefused) in
      guard let header = file.coefficientHeader else { throw .odd("a table that is missing") }
      return try reader.add(header) { scan throws(CoefficientsRefused) in
        let rows = format.unitRows(of: part.region, in: scan.size)
        let units = EntropyPass.Part(
          first: UInt32(rows.lowerBound) * scan.header.units_across,
          end: UInt32(rows.upperBound) * scan.header.units_across, start: 0)
        let found = try EntropyPass(
          name, of: file.size, in: memory, within: decoder.limits.time
        )
        .read(units, of: scan, total: scan.blocks(of: units).count, goOn) {
          scan throws(CoefficientsRefused) in
          try unsafe file.withBlocks(ofRow: rows.lowerBound + scan.nextRow) {
            rows throws(CoefficientsRefused) in
            try unsafe scan.addRow(rows)
          }
        }
        return CoefficientStream(
          self.header, part.region, of: scan.size, format, quantization: scan.quantization,
          parts: [found], warnings: warnings)
      }
    }
  }
}

extension OpenJPEG {
  /// Whether the coefficients of a file with several scans are those that its pixels are made of.
  fileprivate var hasExactCoefficients: Bool {
    unsafe texalloc_jpeg_has_exact_coefficients(reader)
  }

  /// What a reader of coefficients is told of a file with several scans; nil where a table is missing.
  fileprivate var coefficientHeader: texalloc_huffman_header? {
    var found = texalloc_huffman_header()
    (found.width, found.height) = (header.width, header.height)
    found.component_count = header.component_count
    found.colours = header.is_grey ? .grey : header.is_rgb ? .rgb : .ycc
    let factors = unsafe withUnsafeBytes(of: (header.across, header.down)) { unsafe [UInt8]($0) }
    // As many components as there are, at most three.
    return unsafe withUnsafeMutableBytes(of: &found.components) { bytes in
      let components = unsafe bytes.bindMemory(to: texalloc_huffman_component.self)
      for index in 0..<Int(header.component_count) {
        unsafe components[index].across = factors[index]
        unsafe components[index].down = factors[4 + index]
        let isKnown = unsafe withUnsafeMutableBytes(of: &components[index].quantization) {
          unsafe texalloc_jpeg_get_quantization(
            reader, UInt32(index), $0.bindMemory(to: UInt16.self).baseAddress)
        }
        if !isKnown { return false }
      }
      return true
    } ? found : nil
  }

  /// Lets the body see the blocks that are coded together, as the library has them.
  @unsafe fileprivate func withBlocks<Result>(
    ofRow row: Int,
    _ body: (UnsafePointer<UnsafePointer<Int16>?>) throws(CoefficientsRefused) -> Result
  ) throws(CoefficientsRefused) -> Result {
    var rows = unsafe [UnsafePointer<Int16>?](repeating: nil, count: 12)
    guard unsafe texalloc_jpeg_get_blocks(reader, UInt32(row), &rows) == .done else {
      throw .odd("coefficients that the library has not")
    }
    return try unsafe body(rows)
  }
}
