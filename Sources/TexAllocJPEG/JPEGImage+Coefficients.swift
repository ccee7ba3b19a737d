internal import CJPEG
internal import Glibc
public import TexAlloc

extension JPEGImage: CoefficientImage {
  /// Bytes of a file that are worth a thread: a tenth of a millisecond's work.
  private static let leastPart = 16 << 10

  /// nil for files for print, of one scan of arithmetic code, where a colour profile is to be applied,
  /// which needs the pixels, and where it is decoded smaller.
  public var coefficientFormat: CoefficientFormat? {
    guard hasSeveralScans || !coding.is_arithmetic, !isCMYK, transform == nil,
      part.scale.eighths == 8
    else { return nil }
    let factors = unsafe withUnsafeBytes(of: (coding.across, coding.down)) { unsafe [UInt8]($0) }
    let count = Int(coding.component_count)
    return CoefficientFormat(
      isGrey ? .grey : coding.is_rgb ? .rgb : .ycc,
      (0..<count).map { .init(across: Int(factors[$0]), down: Int(factors[4 + $0])) },
      scans: hasSeveralScans ? .several : .one)
  }

  public var coefficientSize: ImageSize {
    ImageSize(width: Int(coding.width), height: Int(coding.height))
  }

  /// Reads the Huffman code of the file, a fifth to a half of the work of decoding it, and leaves the
  /// rest for a GPU. Of a file with several scans libjpeg-turbo reads it, and what it has read is packed.
  ///
  /// The coefficients are those of libjpeg-turbo. Any thread may call it; no GPU is asked for anything.
  ///
  /// Of a region, what lies below is neither read nor looked at, from one row of units behind it on; above it
  /// all is read, and of files with several scans all there is.
  ///
  /// - Parameters:
  ///   - memory: Where they are written, once, in whole lines, never read.
  ///   - workers: Who share a file of one scan, cut at its restart markers.
  ///   - goOn: Is told, now and then, on any of these threads, which part of the work is done, and answers
  ///     whether to go on.
  /// - Throws: `odd` for every file that has any fault, and for one whose coefficients are not known to the
  ///   last bit, which libjpeg-turbo smooths: ``decode(into:on:goOn:)`` then tells what it is.
  public func coefficients(
    in memory: CoefficientMemory, on workers: any Workers = CallingThread(),
    goOn: @Sendable (_ done: Double) -> Bool = { _ in true }
  ) throws(CoefficientsRefused) -> CoefficientStream {
    guard let format = coefficientFormat else { throw .odd("its coding or its colours") }
    if hasSeveralScans { return try coefficients(ofScansAs: format, in: memory, goOn) }
    return try withFile { file throws(CoefficientsRefused) in
      try decoder.withEntropyReader(for: name) { reader throws(CoefficientsRefused) in
        try reader.read(file) { scan throws(CoefficientsRefused) in
          // The file may have changed since its header was read, and libjpeg knows more of headers.
          guard scan.size == coefficientSize, scan.format == format else {
            throw .odd("a header that is not understood")
          }
          let pass = EntropyPass(name, of: file.count, in: memory, within: decoder.limits.time)
          let parts = scan.cut(
            upTo: format.unitRows(of: part.region, in: coefficientSize).upperBound,
            into: min(workers.count, file.count / Self.leastPart))
          let total = scan.blocks(of: parts[parts.count - 1]).upperBound
          @Sendable func read(
            _ part: EntropyPass.Part, of scan: borrowing OpenScan
          ) throws(CoefficientsRefused) -> CoefficientStream.Part {
            try pass.read(part, of: scan, total: total, goOn) { scan throws(CoefficientsRefused) in
              try scan.readOn()
            }
          }
          let found =
            parts.count == 1
            ? [try read(parts[0], of: scan)]
            : try pass.run(parts.count, on: workers) { number throws(CoefficientsRefused) in
              // Each with a reader of its own, of the same bytes.
              try decoder.withEntropyReader(for: name) { reader throws(CoefficientsRefused) in
                try reader.read(file) { scan throws(CoefficientsRefused) in
                  try read(parts[number], of: scan)
                }
              }
            }
          return CoefficientStream(
            header, part.region, of: scan.size, format, quantization: scan.quantization,
            parts: found, warnings: warnings)
        }
      }
    }
  }

  /// Lets the body have the whole file.
  private func withFile<Result>(
    _ body: (Span<UInt8>) throws(CoefficientsRefused) -> Result
  ) throws(CoefficientsRefused) -> Result {
    if let result = try source.withBytesInMemory(body) { return result }
    // An encoder that makes more of a picture than its pixels take is not usual.
    guard source.size <= coefficientSize.width * coefficientSize.height * 4 + 1 << 20 else {
      throw .odd("more bytes than its pixels have")
    }
    var bytes = [UInt8](repeating: 0, count: source.size)
    var span = bytes.mutableSpan
    let count: Int
    do { count = try source.read(into: &span, at: 0) } catch { throw .failed(error) }
    return try body(bytes.span.extracting(first: count))
  }

  public func coefficientSample(
    _ size: ImageSize, as format: Fourcc, in memory: CoefficientMemory
  ) throws(CoefficientsRefused) -> CoefficientSample {
    var count = 0
    guard
      let bytes = unsafe texalloc_jpeg_make_sample(
        [coding], UInt32(size.width), UInt32(size.height), &count)
    else { throw .odd("a kind of file that nobody makes") }
    let file = unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: count))
    unsafe free(bytes)
    do {
      let image = try JPEGImage(file, named: "sample", by: decoder)
      let start = processorTime()
      var stream = try image.coefficients(in: memory)
      let middle = processorTime()
      stream.pictureFormat = format
      let buffer = try TexturePool(for: [], from: [MemfdHeap()])
        .allocate(image.descriptor(as: [format]), for: .cpuRead)
      let second = processorTime()
      try image.decode(into: buffer)
      let decoding = processorTime() - second
      return CoefficientSample(
        stream, planes: try buffer.layout.planes.indices.map { try buffer.pixels(ofPlane: $0) },
        streaming: middle - start, decoding: decoding)
    } catch let refused as CoefficientsRefused {
      throw refused
    } catch {
      throw .odd("\(error)")
    }
  }
}
