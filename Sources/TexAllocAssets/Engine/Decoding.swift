internal import Synchronization
internal import TexAlloc

/// What becomes of a file on a decoder's thread.
enum DecodeOutcome {
  case image(DecodedImage)
  /// There is none for it now, but there may be another time.
  case noMemory
  case failed(AssetError.Stage, AssetError.Reason)
}

extension DecodeWork {
  /// - Parameters:
  ///   - finisher: Who is to finish a picture, where nothing has been said against the device yet.
  ///   - count: Is told the size of its memory before that is written.
  func run(
    by decoders: [any ImageDecoder], on workers: any Workers,
    finishedBy finisher: (any CoefficientImage, Fourcc?) -> FinisherChoice, count: (Int) -> Void
  ) -> DecodeOutcome {
    do throws(ImageDecodingError) {
      guard isWanted else { return .failed(.decoding, .cancelled) }
      let picture = try open(by: decoders)
      guard isWanted else { return .failed(.allocating, .cancelled) }
      switch try coefficients(of: picture, on: workers, finisher) {
      case .stream(let stream):
        let rows = 0..<stream.header.descriptor.height
        return .image(
          DecodedImage(
            contents: .coefficients(stream), header: picture.header,
            report: DecodingReport(warnings: stream.warnings, goodRows: rows)))
      case .noMemory: return .noMemory
      case .none(let obstacle):
        return try pixels(of: picture, on: workers, because: obstacle, count: count)
      }
    } catch {
      return .failed(.decoding, .file(error))
    }
  }

  private enum Coefficients {
    case stream(CoefficientStream)
    /// As of the outcome.
    case noMemory
    case none(because: String)
  }

  /// Decodes a picture as far as coefficients, where the device is to make the pixels.
  private func coefficients(
    of picture: any EncodedImage, on workers: any Workers,
    _ finisher: (any CoefficientImage, Fourcc?) -> FinisherChoice
  ) throws(ImageDecodingError) -> Coefficients {
    if let obstacle { return .none(because: obstacle) }
    guard let picture = picture as? any CoefficientImage else {
      return .none(because: "its decoder gives pixels only")
    }
    let wanted = request.formats?.first {
      picture.header.formats.contains($0)
        && picture.coefficientFormat?.pictureFormats.contains($0) ?? false
    }
    if let first = request.formats?.first, wanted == nil {
      return .none(because: "\(first) was asked for")
    }
    let choice = finisher(picture, wanted)
    if choice.finisher == .cpu { return .none(because: choice.reason ?? "") }
    do throws(CoefficientsRefused) {
      var stream = try picture.coefficients(
        in: CoefficientMemory(of: pool), on: workers, goOn: goOn)
      if let wanted { stream.pictureFormat = wanted }
      return .stream(stream)
    } catch {
      switch error {
      case .failed(let failure): throw failure
      case .noMemory(let failure) where failure.mayEnd(in: pool): return .noMemory
      case .noMemory, .odd: return .none(because: "\(error)")
      }
    }
  }

  private func pixels(
    of picture: any EncodedImage, on workers: any Workers, because obstacle: String,
    count: (Int) -> Void
  ) throws(ImageDecodingError) -> DecodeOutcome {
    let image = try request.formats.map { formats throws(ImageDecodingError) in
      try picture.header.descriptor(as: formats)
    }
    let buffer: TextureBuffer
    do {
      buffer = try pool.allocate(
        image ?? picture.header.descriptor,
        for: request.isMipmapped ? [.texture, .mipmapped] : .texture,
        named: picture.header.bufferName)
    } catch {
      return error.mayEnd(in: pool) ? .noMemory : .failed(.allocating, .memory(error))
    }
    count(buffer.layout.size)
    let report = try picture.decode(into: buffer, on: workers, goOn: goOn)
    buffer.finisher = .cpu(because: obstacle)
    return .image(DecodedImage(contents: .pixels(buffer), header: picture.header, report: report))
  }

  /// Notes how much is done.
  private var goOn: @Sendable (Double) -> Bool {
    { [signal] done in
      signal.progress.store(Int(done * 1000), ordering: .relaxed)
      return signal.isWanted.load(ordering: .relaxed)
    }
  }

  private var isWanted: Bool { signal.isWanted.load(ordering: .relaxed) }

  private func open(
    by decoders: [any ImageDecoder]
  ) throws(ImageDecodingError) -> any EncodedImage {
    guard file.source.size > 0 else { throw ImageDecodingError(request.name, .empty) }
    var start = [UInt8](repeating: 0, count: decoders.map(\.signatureSize).max() ?? 0)
    var span = start.mutableSpan
    let count = try file.source.read(into: &span, at: 0)
    for decoder in decoders
    where decoder.recognizes(start.span.extracting(first: min(count, decoder.signatureSize))) {
      return try decoder.open(file.source, request.decoding)
    }
    let names = decoders.map(\.name).joined(separator: ", ")
    throw ImageDecodingError(request.name, .unrecognized("no picture that is known (\(names))"))
  }
}

extension AllocationError {
  /// Whether there may be memory when somebody lets go of some.
  fileprivate func mayEnd(in pool: TexturePool) -> Bool {
    switch self {
    case .budget(let wanted, _, let limit): wanted <= limit && pool.statistics.slots > 0
    case .heap(let failure):
      [.noMemory, .noSpace, .tooManyOpenFiles, .tooManyOpenFilesInSystem].contains(failure.errno)
        && pool.statistics.slots > 0
    default: false
    }
  }
}
