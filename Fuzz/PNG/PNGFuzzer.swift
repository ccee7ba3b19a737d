import TexAlloc
import TexAllocPNG

/// What libFuzzer calls: decodes bytes as a PNG file, in the way that the last of them says.
///
/// What comes out is decoded again into memory that held something else: the pixels must be the same,
/// so that nothing of a slot's tenant before shows. What is salvaged must begin as what is not.
@c(LLVMFuzzerTestOneInput)
public func decode(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let way = bytes.popLast().map(Way.init) else { return 0 }
  bytes = PNGFile.withChecksums(bytes)
  let first = try? way.decode(bytes, over: 0x00)
  let second = try? way.decode(bytes, over: 0xFF)
  precondition(first == second, "what was in the slot before shows")
  if let whole = try? way.strict.decode(bytes, over: 0x55) {
    precondition(whole == first, "a sound file is salvaged")
  }
  return 0
}

/// A file of chunks, whose checksums random bytes never have.
private enum PNGFile {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 0 ? sum >> 1 : 0xEDB8_8320 ^ sum >> 1 }
  }

  /// Puts right what each chunk ends with, as annex D of the specification has it.
  static func withChecksums(_ file: [UInt8]) -> [UInt8] {
    var file = file
    var start = 8
    while start + 12 <= file.count {
      let size = file[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
      let end = start + 8 + size
      guard end + 4 <= file.count else { break }
      let sum = ~file[start + 4..<end].reduce(~0 as UInt32) { sum, byte in
        table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ sum >> 8
      }
      for index in 0..<4 {
        file[end + index] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * UInt32(index)))
      }
      start = end + 4
    }
    return file
  }
}

/// How a file is decoded: a bit or two of a byte for each choice.
private struct Way {
  private static let pool = {
    guard let pool = try? TexturePool(for: [PNGDecoder.component]) else {
      preconditionFailure("no memory for pictures")
    }
    return pool
  }()
  private static let decoder = PNGDecoder(limits: limits)
  /// So small that thousands of files are decoded in a second.
  private static let limits = {
    var limits = PNGLimits()
    (limits.pixels, limits.interlacedBytes, limits.chunkBytes) = (1 << 16, 1 << 18, 1 << 17)
    return limits
  }()

  private let options: DecodingOptions
  private let format: Int

  private init(_ options: DecodingOptions, _ format: Int) {
    self.options = options
    self.format = format
  }

  init(_ byte: UInt8) {
    var options = DecodingOptions()
    if byte & 1 == 0 { options.damage = .salvage(fill: [10, 20, 30, 255]) }
    options.appliesProfile = byte & 2 == 0
    self.init(options, Int(byte >> 2 & 3))
  }

  /// The same, with damage an error.
  var strict: Way {
    var options = options
    options.damage = .strict
    return Way(options, format)
  }

  struct Picture: Equatable {
    let pixels: [UInt8]
    let report: DecodingReport
  }

  /// Whatever fails but the file is a find.
  func decode(_ bytes: [UInt8], over byte: UInt8) throws(ImageDecodingError) -> Picture {
    let image = try PNGImage(ImageSource(bytes), options, by: Self.decoder)
    let stored = image.header.descriptor.size
    precondition(image.header.size == image.header.orientation.upright(stored))
    precondition(stored.width * stored.height <= Self.limits.pixels)
    let formats = image.header.formats
    let descriptor = try image.header.descriptor(as: [formats[format % formats.count]])
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
}
