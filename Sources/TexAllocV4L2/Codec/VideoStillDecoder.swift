public import TexAlloc

/// Stills that a ``VideoDecoder`` decodes, for whoever loads files: where hardware has a decoder of JPEG, it
/// spares the CPU that.
///
/// ```swift
/// let stills = try VideoStillDecoder(by: decoder, .jpeg)
/// let assets = try Assets(gpu: gpu, pool: pool, decoders: [stills, JPEGDecoder.component])
/// ```
///
/// The decoder writes into memory of its own, from where the CPU copies the rows into the buffer, whatever that
/// is: images share their slabs, and such a device begins at a memory's start. Who wants no copy decodes by
/// ``VideoDecoder/start(_:for:_:size:chunkSize:buffers:)``. Regions, thumbnails and smaller sizes are not
/// offered, nor orientation by EXIF.
///
/// **Never tried with hardware, nor with JPEG:** no such decoder was ever at hand. It was tried with the
/// kernel's virtual codec and stills of FWHT.
public final class VideoStillDecoder: ImageDecoder {
  public let attributes: BufferAttributes
  public let decoder: VideoDecoder
  public let format: CodedFormat
  /// The most bytes of a file.
  public let limit: Int
  private let signature: [UInt8]

  /// - Parameters:
  ///   - format: JPEG or FWHT, whose files are told by how they begin.
  ///   - limit: The most bytes of a file that is taken.
  /// - Throws: `VideoError.coded` for others, and what the decoder does not decode.
  public init(
    by decoder: VideoDecoder, _ format: CodedFormat, limit: Int = 64 << 20
  ) throws(VideoError) {
    let signatures: [CodedFormat: [UInt8]] = [
      .jpeg: [0xFF, 0xD8, 0xFF], .fwht: [0x4F, 0x4F, 0x4F, 0x4F, 0xFF, 0xFF, 0xFF, 0xFF],
    ]
    guard let signature = signatures[format], decoder.coded.contains(format) else {
      throw .coded(
        device: decoder.node.string, wanted: format,
        held: decoder.coded.filter(signatures.keys.contains))
    }
    self.signature = signature
    self.decoder = decoder
    self.format = format
    self.limit = limit
    attributes = .rowWriter("\(format) by \(decoder.name)", of: decoder.formats)
  }

  public var signatureSize: Int { signature.count }

  public func recognizes(_ start: Span<UInt8>) -> Bool {
    start.count >= signature.count && signature.indices.allSatisfy { start[$0] == signature[$0] }
  }

  public func open(
    _ source: ImageSource, _ options: DecodingOptions
  ) throws(ImageDecodingError) -> any EncodedImage {
    try VideoStill(source, options, by: self)
  }
}

/// A still of which the decoder has read the header.
private struct VideoStill: EncodedImage {
  let header: ImageHeader
  private let decoder: VideoStillDecoder
  private let bytes: [UInt8]
  private let isStrict: Bool

  init(
    _ source: ImageSource, _ options: DecodingOptions, by decoder: VideoStillDecoder
  ) throws(ImageDecodingError) {
    func fail(_ reason: ImageDecodingError.Reason) -> ImageDecodingError {
      ImageDecodingError(source.name, reason)
    }
    guard options.region == nil else { throw fail(.unsupported("a region, by \(decoder.name)")) }
    guard options.content == .picture else {
      throw fail(.noThumbnail("\(decoder.name) looks for none"))
    }
    guard source.size <= decoder.limit else {
      throw fail(.tooMuch("bytes", found: source.size, limit: decoder.limit))
    }
    var bytes = [UInt8](repeating: 0, count: source.size)
    var span = bytes.mutableSpan
    let count = try source.read(into: &span, at: 0)
    bytes.removeSubrange(count...)
    if bytes.isEmpty { throw fail(.empty) }
    guard decoder.recognizes(bytes.span) else {
      throw fail(.unrecognized("no file of \(decoder.format)"))
    }
    let kind: FrameKind
    do { kind = try decoder.decoder.kind(of: bytes, decoder.format) } catch {
      throw ImageDecodingError(source.name, error)
    }
    self.decoder = decoder
    self.bytes = bytes
    isStrict = options.damage == .strict
    let formats = kind.formats.map(\.fourcc)
    header = ImageHeader(
      name: source.name,
      ImageDescriptor(
        width: kind.region.width, height: kind.region.height,
        writtenBy: .rowWriter(decoder.name, of: formats), colour: kind.formats[0].colour,
        alpha: .opaque))
  }

  func decode(
    into buffer: TextureBuffer, on workers: any Workers, goOn: @Sendable (_ done: Double) -> Bool
  ) throws(ImageDecodingError) -> DecodingReport {
    try header.check(buffer)
    do throws(ImageDecodingError) {
      guard let frame = try decodedFrame(as: buffer.layout.format.fourcc, goOn) else {
        throw ImageDecodingError(header.name, .cancelled)
      }
      // A file may begin with the header of another picture, of which nothing was decoded.
      let (wanted, held) = (buffer.layout, frame.buffer.layout)
      guard frame.region.width == wanted.width, frame.region.height == wanted.height,
        held.format.fourcc == wanted.format.fourcc
      else {
        let words =
          "the decoder gives \(frame.region.width)x\(frame.region.height) pixels of"
          + " \(held.format) for \(wanted.width)x\(wanted.height) of \(wanted.format)"
        throw ImageDecodingError(header.name, .damaged(words, .header))
      }
      for plane in buffer.layout.planes.indices { try copy(plane, of: frame, to: buffer) }
      guard frame.isDamaged else { return DecodingReport(goodRows: 0..<buffer.layout.height) }
      let words = "the decoder says that it is damaged"
      if isStrict { throw ImageDecodingError(header.name, .damaged(words, .row(0))) }
      return DecodingReport(warnings: [words], goodRows: 0..<0)
    } catch {
      if !error.isOfBuffer { buffer.discard(because: "\(error)") }
      throw error
    }
  }

  /// The first picture of the file, where the CPU reads it; nil where the caller does not want to go on.
  private func decodedFrame(
    as fourcc: Fourcc, _ goOn: (Double) -> Bool
  ) throws(ImageDecodingError) -> VideoFrame? {
    do throws(VideoError) {
      let frames = try decoder.decoder.start(
        decoder.format, for: [StillReader(of: fourcc)], .cpuRead, chunkSize: bytes.count)
      defer { frames.stop() }
      var rest = bytes[...]
      while let step = try frames.next(until: .now + VideoDecoder.longestStill) {
        switch step {
        case .frame(let frame): return frame
        case .wantsBytes where rest.isEmpty: frames.finish()
        case .wantsBytes:
          guard goOn(0) else { return nil }
          let part = rest.prefix(frames.chunkSize)
          rest = rest.dropFirst(part.count)
          try frames.feed(part.span)
        case .end:
          throw .noPicture(
            device: decoder.decoder.node.string, chunks: 1, damaged: frames.damage.chunks)
        }
      }
    } catch {
      throw ImageDecodingError(header.name, error)
    }
    throw ImageDecodingError(header.name, .damaged("the decoder gives no picture", .header))
  }

  /// Writes a plane, row by row.
  private func copy(
    _ plane: Int, of frame: VideoFrame, to buffer: TextureBuffer
  ) throws(ImageDecodingError) {
    let shape = buffer.layout.shapes[plane]
    let (pitch, size) = (
      frame.buffer.layout.planes[plane].pitch, buffer.layout.rowSize(ofPlane: plane)
    )
    let first = frame.region.y / shape.verticalSubsampling
    let left = frame.region.x / shape.horizontalSubsampling * shape.bytesPerElement
    let outcome: Result<Void, ImageDecodingError>
    do {
      // Where the decoder's memory is not cached, it is slow; it is all there is.
      outcome = try frame.buffer.withReadback(ofPlane: plane, evenIfSlow: true) { pixels in
        Result { () throws(ImageDecodingError) in
          var writer = try buffer.writer(ofPlane: plane, decoding: header.name)
          for row in 0..<writer.rowCount {
            let start = (first + row) * pitch + left
            writer.write(pixels.extracting(start..<start + size), row: row)
          }
        }
      }
    } catch {
      throw ImageDecodingError(header.name, .unsupported("reading what was decoded: \(error)"))
    }
    try outcome.get()
  }
}

/// Who reads a still: in one of the formats that the decoder offers.
private struct StillReader: Component {
  let attributes: BufferAttributes

  init(of fourcc: Fourcc) {
    attributes = BufferAttributes(name: "copy") { $0.formats = [Format(fourcc)] }
  }
}

extension ImageDecodingError {
  fileprivate init(_ name: String, _ error: VideoError) {
    let reason: Reason =
      switch error {
      case .memory: .outOfMemory
      case .noPicture: .damaged("\(error)", .header)
      case .chunk(_, let wanted, let held): .tooMuch("bytes", found: wanted, limit: held)
      default: .unsupported("\(error)")
      }
    self.init(name, reason)
  }
}
