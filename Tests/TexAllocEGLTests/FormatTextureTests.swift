import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

/// Each format is written by hand here, as drm_fourcc.h describes it, and compared with what the GPU
/// shows of it.
final class FormatTextureTests: XCTestCase {
  private struct Colour {
    let red, green, blue, alpha: UInt8

    init(_ red: UInt8, _ green: UInt8, _ blue: UInt8, _ alpha: UInt8) {
      (self.red, self.green, self.blue, self.alpha) = (red, green, blue, alpha)
    }

    /// What a shader sees where a format has so many of the channels.
    func seen(_ channels: Int) -> [UInt8] {
      Array([red, green, blue, alpha].prefix(channels)) + [0, 0, 0, 255].dropFirst(channels)
    }
  }

  private struct Encoding {
    let fourcc: Fourcc
    let channels: Int
    let bytes: (Colour) -> [UInt8]

    init(_ fourcc: Fourcc, _ channels: Int, _ bytes: @escaping (Colour) -> [UInt8]) {
      self.fourcc = fourcc
      self.channels = channels
      self.bytes = bytes
    }
  }

  private let encodings = [
    Encoding(.abgr8888, 4) { [$0.red, $0.green, $0.blue, $0.alpha] },
    Encoding(.xbgr8888, 3) { [$0.red, $0.green, $0.blue, $0.alpha] },
    Encoding(.argb8888, 4) { [$0.blue, $0.green, $0.red, $0.alpha] },
    Encoding(.xrgb8888, 3) { [$0.blue, $0.green, $0.red, $0.alpha] },
    Encoding(.r8, 1) { [$0.red] },
    Encoding(.gr88, 2) { [$0.red, $0.green] },
    Encoding(.rgb565, 3) { packed([($0.red, 5), ($0.green, 6), ($0.blue, 5)]) },
    Encoding(.rgb888, 3) { [$0.blue, $0.green, $0.red] },
    Encoding(.abgr2101010, 4) {
      packed([($0.alpha, 2), ($0.blue, 10), ($0.green, 10), ($0.red, 10)])
    },
    Encoding(.xrgb2101010, 3) {
      packed([($0.alpha, 2), ($0.red, 10), ($0.green, 10), ($0.blue, 10)])
    },
    Encoding(.abgr16161616f, 4) {
      [$0.red, $0.green, $0.blue, $0.alpha].flatMap { channel in
        let number = Float16(Float(channel) / 255).bitPattern
        return [UInt8(number & 255), UInt8(number >> 8)]
      }
    },
    Encoding(.r16, 1) { packed([($0.red, 16)]) },
    Encoding(.gr1616, 2) { packed([($0.green, 16), ($0.red, 16)]) },
  ]

  private let colours = [
    Colour(255, 0, 51, 255), Colour(0, 255, 102, 170), Colour(204, 153, 255, 85),
    Colour(51, 102, 153, 0), Colour(0, 0, 0, 255),
  ]

  func testEveryFormatOfColoursIsShownAsItWasWritten() throws {
    let uploading = try EGLDevice.surfaceless(route: .uploaded)
    let importing = try TestDevice.importing()
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    for encoding in encodings {
      let fourcc = encoding.fourcc
      let buffer = try pool.allocate(
        ImageDescriptor(width: colours.count, height: 2, formats: [fourcc]))
      write(encoding, into: buffer)
      let expected = (colours + colours.reversed()).flatMap { $0.seen(encoding.channels) }
      let takers = [uploading, importing].filter {
        $0.attributes.formats?.contains(Format(fourcc)) == true
      }
      XCTAssertFalse(takers.isEmpty, "\(fourcc) is taken by no device")
      for gpu in takers {
        try gpu.makeCurrent()
        let texture = try gpu.texture(for: buffer)
        XCTAssertEqual(texture.route, gpu === importing ? .imported : .uploaded, "\(fourcc)")
        let pixels = try texture.shownPixels()
        for (index, (shown, wanted)) in zip(pixels, expected).enumerated() {
          XCTAssertEqual(
            Int(shown), Int(wanted), accuracy: fourcc == .rgb565 ? 5 : 1,
            "\(fourcc) \(texture.route), pixel \(index / 4), channel \(index % 4)")
        }
      }
    }
  }

  /// Formats that the library does not know, described from outside: one that Mesa imports, and one
  /// that it does not.
  func testFormatsOfOthersAreShownAsTheyAreDescribed() throws {
    let (tens, bytes) = (try XCTUnwrap(Fourcc("XB30")), try XCTUnwrap(Fourcc("BG24")))
    let colours = [PlaneShape.Channel.Meaning.red, .green, .blue]
    var table = FormatTable.known
    table[tens] = [PlaneShape(colours.map { .init($0, bits: 10) } + [.init(.unused, bits: 2)])]
    table[bytes] = [PlaneShape(colours.map { .init($0, bits: 8) })]
    let encodings = [
      Encoding(tens, 3) { packed([($0.alpha, 2), ($0.blue, 10), ($0.green, 10), ($0.red, 10)]) },
      Encoding(bytes, 3) { [$0.red, $0.green, $0.blue] },
    ]
    let uploading = try EGLDevice.surfaceless(route: .uploaded, formats: table)
    let automatic = try EGLDevice.surfaceless(formats: table)
    for encoding in encodings {
      var image = ImageDescriptor(width: self.colours.count, height: 2, formats: [encoding.fourcc])
      image.table = table
      let expected = (self.colours + self.colours.reversed()).flatMap { $0.seen(3) }
      for gpu in [uploading, automatic] {
        try gpu.makeCurrent()
        let buffer = try TexturePool(for: [gpu]).allocate(image)
        write(encoding, into: buffer)
        let texture = try gpu.texture(for: buffer)
        XCTAssertEqual(texture.route, buffer.route)
        for (shown, wanted) in zip(try texture.shownPixels(), expected) {
          XCTAssertEqual(Int(shown), Int(wanted), accuracy: 1, "\(encoding.fourcc)")
        }
      }
    }
    guard automatic.importObstacle == nil else { return }
    let listed = automatic.attributes.formats?.contains(Format(tens)) == true
    let findings = try automatic.survey(in: TexturePool(for: [], from: [MemfdHeap()]))
    XCTAssertEqual(findings.first { $0.format == Format(tens) }?.outcome, listed ? .works : nil)
  }

  /// The second row is the first from the right.
  private func write(_ encoding: Encoding, into buffer: TextureBuffer) {
    var writer = buffer.writer()
    for (row, colours) in [colours, colours.reversed()].enumerated() {
      let bytes = colours.flatMap(encoding.bytes)
      writer.write(bytes.span, row: row)
    }
  }
}

/// A little-endian number of channels that have so many bits, from the highest.
private func packed(_ channels: [(value: UInt8, bits: Int)]) -> [UInt8] {
  var number = 0
  for channel in channels {
    number = number << channel.bits | (Int(channel.value) * (1 << channel.bits - 1) + 127) / 255
  }
  let size = channels.reduce(0) { $0 + $1.bits } / 8
  return (0..<size).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
}
