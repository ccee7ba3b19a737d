import SystemPackage
import TexAlloc
import TexAllocJPEG

/// What libFuzzer calls: decodes bytes as a JPEG file, in the way that the last four of them say.
///
/// What comes out is decoded again into memory that held something else: the pixels must be the same,
/// so that nothing of a slot's tenant before shows. A file that is had as coefficients must be one that is
/// decoded without an error, and with the same warnings. A region must have the pixels of the whole picture,
/// where nothing is wrong with that.
@c(LLVMFuzzerTestOneInput)
public func decode(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard bytes.count >= 4 else { return 0 }
  let (file, way) = (bytes.dropLast(4), Way(bytes.suffix(4)))
  let first = try? way.decode(file, over: 0x00)
  let second = try? way.decode(file, over: 0xFF)
  precondition(first == second, "what was in the slot before shows")
  way.readCoefficients(file, decodedTo: first)
  if let whole = way.whole.flatMap({ try? $0.decode(file, over: 0x00) }) {
    precondition(
      way.isRefused(in: whole) || first?.pixels == way.pixels(of: whole), "another region")
  }
  return 0
}

/// How a file is decoded: some bits for each choice.
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

  /// - Parameter bytes: Where a region is, across and down; what is decoded; how.
  init(_ bytes: ArraySlice<UInt8>) {
    let (across, down, what, how) = (
      bytes[bytes.startIndex], bytes[bytes.startIndex + 1], bytes[bytes.startIndex + 2],
      bytes[bytes.startIndex + 3]
    )
    var options = DecodingOptions()
    if how & 1 == 0 { options.damage = .salvage(fill: [10, 20, 30, 255]) }
    options.appliesProfile = how & 2 == 0
    let side = 1 + Int(what >> 2 & 7) * 8
    switch what & 3 {
    case 2: options.size = .fit(ImageSize(width: side, height: side))
    case 3: options.size = .fill(ImageSize(width: side, height: side))
    default: break
    }
    if (2...5).contains(what >> 5) {
      options.region = ImageRegion(
        x: Int(across & 31), y: Int(down & 31), width: 1 + Int(across >> 5) * 6,
        height: 1 + Int(down >> 5) * 6)
    }
    options.prefersPlanes = what >> 5 == 5 || what >> 5 == 6
    if what >> 5 == 7 { options.content = .thumbnail }
    self.init(
      options: options, format: JPEGDecoder.formats[Int(how >> 2 & 7) % JPEGDecoder.formats.count],
      isFile: how >> 5 == 0)
  }

  private init(options: DecodingOptions, format: Fourcc, isFile: Bool) {
    (self.options, self.format, self.isFile) = (options, format, isFile)
  }

  /// The same for the whole picture, where a region is to be compared with it.
  var whole: Way? {
    guard options.region != nil, options.size == nil, !options.prefersPlanes else { return nil }
    var options = options
    options.region = nil
    options.damage = .strict
    return Way(options: options, format: format, isFile: isFile)
  }

  /// Whether the region is no part of a picture.
  func isRefused(in whole: Picture) -> Bool {
    options.region?.isPart(of: whole.orientation.upright(whole.size)) != true
  }

  /// What is to come out of it.
  func pixels(of whole: Picture) -> [UInt8] {
    guard let region = options.region else { return whole.pixels }
    let part = whole.orientation.stored(region, of: whole.size)
    let pixelSize = whole.rowSize / whole.size.width
    var pixels: [UInt8] = []
    for row in part.rows {
      let start = row * whole.rowSize + part.x * pixelSize
      pixels += whole.pixels[start..<start + part.width * pixelSize]
    }
    return pixels
  }

  struct Picture: Equatable {
    /// Of all planes, without padding.
    let pixels: [UInt8]
    /// What lies behind the rows.
    let padding: [UInt8]
    let size: ImageSize
    /// Bytes of a row of the first plane.
    let rowSize: Int
    let orientation: Orientation
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
    let isPlanar = options.prefersPlanes && image.planarObstacle == nil
    let descriptor = isPlanar ? image.descriptor : try image.descriptor(as: [format])
    guard let buffer = try? Self.pool.allocate(descriptor, for: [.texture, .cpuRead]) else {
      preconditionFailure("no memory for \(stored)")
    }
    for plane in buffer.layout.planes.indices {
      var writer = buffer.writer(ofPlane: plane)
      writer.fill(writer.rows, with: byte)
    }
    let report = try image.decode(into: buffer)
    precondition(report.goodRows.lowerBound == 0 && !report.goodRows.isEmpty)
    precondition(report.goodRows.upperBound <= stored.height)
    var (pixels, padding): ([UInt8], [UInt8]) = ([], [])
    for plane in buffer.layout.planes.indices {
      Self.read(plane, of: buffer, &pixels, &padding)
    }
    return Picture(
      pixels: pixels, padding: padding, size: stored, rowSize: buffer.layout.rowSize(ofPlane: 0),
      orientation: image.orientation, report: report)
  }

  private static func read(
    _ plane: Int, of buffer: TextureBuffer, _ pixels: inout [UInt8], _ padding: inout [UInt8]
  ) {
    let rowSize = buffer.layout.rowSize(ofPlane: plane)
    let pitch = buffer.layout.planes[plane].pitch
    let bytes = try? buffer.withReadback(ofPlane: plane, evenIfSlow: true) { bytes in
      bytes.indices.map { bytes[$0] }
    }
    guard let bytes else { preconditionFailure("not to be read") }
    for row in 0..<buffer.layout.rowCount(ofPlane: plane) {
      pixels += bytes[row * pitch..<row * pitch + rowSize]
      padding += bytes[row * pitch + rowSize..<(row + 1) * pitch]
    }
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
