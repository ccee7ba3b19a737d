internal import CJPEG
public import TexAlloc

extension JPEGImage {
  /// Decodes the file straight into a buffer, whose memory is written once, in whole lines, and never
  /// read. The pixels are those that libjpeg-turbo gives by default, of a region those of the whole picture.
  ///
  /// Of a region, a row of blocks more is decoded above and below, and of a file in one scan a block more on
  /// either side; behind that the file is not read. The first row of blocks is decoded in the cache: a file
  /// that fails there, or in an earlier scan, has touched no page of the buffer.
  ///
  /// - Parameters:
  ///   - buffer: Allocated for ``header``'s descriptor, or otherwise of its size, in one of
  ///     ``JPEGDecoder/formats`` or ``planarFormats``, with a pitch in whole lines.
  ///   - workers: Not used.
  ///   - goOn: Is told, every few rows and scans, which part of the work is done, from 0 to 1, and
  ///     answers whether to go on. A progressive file is read to its end before its first row.
  /// - Returns: With `DecodingOptions.Damage.salvage`, the rows that are good: those above the
  ///   row of blocks in which the first pixel was lost, less one where its colours are made by way of
  ///   the row below; of planes, as many as whole rows of chroma belong to. Of a damaged progressive file
  ///   all are good, as its last whole scan left them.
  ///   Damage that libjpeg-turbo cannot tell from sound data is nobody's to know.
  /// - Throws: After `unsuitableBuffer`, `bufferInUse`, `spentBuffer` the buffer is as it was; after any other error it is discarded.
  @discardableResult
  public func decode(
    into buffer: TextureBuffer, on workers: any Workers = CallingThread(),
    goOn: @Sendable (_ done: Double) -> Bool = { _ in true }
  ) throws(ImageDecodingError) -> DecodingReport {
    try header.check(buffer)
    let output: DecodingPass.Output
    if planarFormats.contains(buffer.layout.format.fourcc) {
      output = .planes(StagedPlanes(of: part, isInterleaved: buffer.layout.planes.count == 2))
    } else if let target = RowConversion.Target(buffer.layout.format) {
      output = .pixels(RowConversion(of: coding, to: target, by: transform))
    } else {
      preconditionFailure("\(buffer.layout.format) was checked")
    }
    do {
      return try decode(to: output, into: buffer, goOn)
    } catch {
      if !error.isOfBuffer { buffer.discard(because: "\(error)") }
      throw error
    }
  }

  private func decode(
    to output: DecodingPass.Output, into buffer: TextureBuffer, _ goOn: (Double) -> Bool
  ) throws(ImageDecodingError) -> DecodingReport {
    let terms = decoder.limits.terms(salvages: fill != nil, keepsMarkers: false)
    return try decoder.withDecompressor(for: self.id, named: name) {
      tool throws(ImageDecodingError) in
      try tool.decode(self, terms) { file, rows throws(ImageDecodingError) in
        // The file may have changed since, and the buffer was allocated for what it was.
        guard file.header.isLike(coding) else {
          throw ImageDecodingError(name, .damaged("it changed while it was open", .header))
        }
        var pass = DecodingPass(
          output, of: part, fill: fill, within: decoder.limits, warnings: warnings)
        let goodRows = try pass.run(file, by: &rows, into: buffer, goOn)
        return DecodingReport(warnings: pass.warnings, goodRows: goodRows)
      }
    }
  }
}
