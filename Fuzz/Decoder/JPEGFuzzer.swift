import SystemPackage
import TexAlloc
import TexAllocJPEG

/// What libFuzzer calls: decodes bytes as a JPEG file, in the way that the last of them says.
///
/// What comes out is decoded again into memory that held something else: the pixels must be the same,
/// so that nothing of a slot's tenant before shows. A file that is had as coefficients must be one that is
/// decoded without an error, and with the same warnings.
@c(LLVMFuzzerTestOneInput)
public func decode(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let way = bytes.last.map(Way.init) else { return 0 }
  let first = try? way.decode(bytes.dropLast(), over: 0x00)
  let second = try? way.decode(bytes.dropLast(), over: 0xFF)
  precondition(first == second, "what was in the slot before shows")
  way.readCoefficients(bytes.dropLast(), decodedTo: first)
  return 0
}

/// How a file is decoded: a bit or two of a byte for each choice.
private struct Way {
  private static let pool = {
    guard let pool = try? TexturePool(for: [JPEGDecoder.component]) else {
      preconditionFailure("no memory for pictures")
    }
    return pool
  }()
  private static let coefficients = {
    guard let pool = try? TexturePool(for: []) else { preconditionFailure("no memory") }
    return pool
  }()
  private static let decoder = JPEGDecoder(limits: limits)
  /// So small that thousands of files are decoded in a second.
  private static let limits = {
    var limits = JPEGLimits()
    (limits.pixels, limits.coefficients, limits.scans) = (1 << 16, 1 << 20, 20)
    (limits.markerBytes, limits.time) = (1 << 17, .seconds(5))
    return limits
  }()

  private let options: DecodingOptions
  private let format: Fourcc
  private let isFile: Bool

  init(_ byte: UInt8) {
    var options = DecodingOptions()
    if byte & 1 == 0 { options.damage = .salvage(fill: [10, 20, 30, 255]) }
    options.appliesProfile = byte & 2 == 0
    self.options = options
    format = JPEGDecoder.formats[Int(byte >> 2 & 7) % JPEGDecoder.formats.count]
    isFile = byte >> 5 == 0
  }

  struct Picture: Equatable {
    let pixels: [UInt8]
    let report: DecodingReport
  }

  /// Whatever fails but the file is a find.
  func decode(
    _ bytes: ArraySlice<UInt8>, over byte: UInt8
  ) throws(ImageDecodingError) -> Picture {
    let image = try JPEGImage(source(bytes), options, by: Self.decoder)
    let stored = image.descriptor.size
    precondition(image.size == image.orientation.upright(stored))
    precondition(stored.width * stored.height <= Self.limits.pixels)
    let descriptor = try image.descriptor(as: [format])
    guard let buffer = try? Self.pool.allocate(descriptor, for: [.texture, .cpuRead]) else {
      preconditionFailure("no memory for \(stored)")
    }
    do {
      var writer = buffer.writer()
      writer.fill(0..<stored.height, with: byte)
    }
    let report = try image.decode(into: buffer)
    precondition(report.goodRows.lowerBound == 0 && !report.goodRows.isEmpty)
    precondition(report.goodRows.upperBound <= stored.height)
    let pixels = try? buffer.withReadback(evenIfSlow: true) { pixels in
      pixels.indices.map { pixels[$0] }
    }
    guard let pixels else { preconditionFailure("not to be read") }
    return Picture(pixels: pixels, report: report)
  }

  /// - Parameter picture: What the file is decoded to; nil where it is an error.
  func readCoefficients(_ bytes: ArraySlice<UInt8>, decodedTo picture: Picture?) {
    guard let source = try? source(bytes),
      let image = try? JPEGImage(source, options, by: Self.decoder),
      let stream = try? image.coefficients(in: CoefficientMemory(of: Self.coefficients))
    else { return }
    precondition(stream.format == image.coefficientFormat)
    guard let report = picture?.report else { preconditionFailure("the file is an error") }
    precondition(report.goodRows == 0..<image.descriptor.height, "the file is damaged")
    precondition(report.warnings == stream.warnings, "\(report.warnings), \(stream.warnings)")
  }

  private func source(_ bytes: ArraySlice<UInt8>) throws(ImageDecodingError) -> ImageSource {
    guard isFile else { return ImageSource(Array(bytes)) }
    let path: FilePath = "/dev/shm/texalloc-jpegfuzzer"
    do {
      let file = try FileDescriptor.open(
        path, .readWrite, options: [.create, .truncate], permissions: .ownerReadWrite)
      try file.closeAfter { _ = try file.writeAll(bytes) }
    } catch { preconditionFailure("\(path): \(error)") }
    return try ImageSource(path)
  }
}
