internal import Synchronization
internal import SystemPackage
internal import TexAlloc

/// What becomes of a file on a decoder's thread.
enum DecodeOutcome {
  case image(DecodedImage)
  /// There is none for it now, but there may be another time.
  case noMemory
  case failed(AssetError.Stage, AssetError.Reason)
}

extension DecodeWork {
  /// - Parameter count: Is told the size of its memory before that is written.
  func run(
    by decoders: [any ImageDecoder], on workers: any Workers, count: (Int) -> Void
  ) -> DecodeOutcome {
    do throws(ImageDecodingError) {
      guard isWanted else { return .failed(.decoding, .cancelled) }
      let picture = try open(by: decoders)
      guard isWanted else { return .failed(.allocating, .cancelled) }
      let image = try request.formats.map { formats throws(ImageDecodingError) in
        try picture.header.descriptor(as: formats)
      }
      let buffer: TextureBuffer
      do {
        buffer = try pool.allocate(
          image ?? picture.header.descriptor,
          for: request.isMipmapped ? [.texture, .mipmapped] : .texture,
          named: FilePath(request.name).lastComponent?.string ?? request.name)
      } catch {
        return error.mayEnd(in: pool) ? .noMemory : .failed(.allocating, .memory(error))
      }
      count(buffer.layout.size)
      let report = try picture.decode(into: buffer, on: workers) { [signal] done in
        signal.progress.store(Int(done * 1000), ordering: .relaxed)
        return signal.isWanted.load(ordering: .relaxed)
      }
      return .image(DecodedImage(buffer: buffer, header: picture.header, report: report))
    } catch {
      return .failed(.decoding, .file(error))
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
