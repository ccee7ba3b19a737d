import AuditSupport
import CPNG
import Synchronization
import SystemPackage
import TestSupport
import TexAlloc
import TexAllocAudit
import TexAllocPNG
import XCTest

final class PNGTests: XCTestCase {
  private static let kinds = [
    PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_PALETTE, PNG_COLOR_TYPE_RGB,
    PNG_COLOR_TYPE_RGB_ALPHA,
  ]

  private let pool = try? TexturePool(for: [PNGDecoder.component], from: [MemfdHeap()])

  private func decode(
    _ bytes: [UInt8], as format: Fourcc? = nil, _ options: DecodingOptions = DecodingOptions(),
    by decoder: PNGDecoder = .component
  ) throws -> (pixels: [UInt8], report: DecodingReport) {
    let picture = try PNGImage(ImageSource(bytes, named: "picture"), options, by: decoder)
    let image = try format.map { try picture.header.descriptor(as: [$0]) }
    let buffer = try XCTUnwrap(pool).allocate(
      image ?? picture.header.descriptor, for: [.texture, .cpuRead])
    let report = try picture.decode(into: buffer)
    return (try buffer.pixels(), report)
  }

  func testEveryKindOfPixelsAndBothOrdersOfRowsGiveThePicture() throws {
    for kind in Self.kinds {
      for isInterlaced in [false, true] {
        for depth in kind == PNG_COLOR_TYPE_PALETTE ? [8] : [8, 16] {
          let sample = PNGSample(
            width: 37, height: 21, kind: kind, depth: depth, isInterlaced: isInterlaced)
          let (pixels, report) = try decode(sample.encoded())
          XCTAssertEqual(pixels, sample.pixels, "\(sample)")
          XCTAssertEqual(report, DecodingReport(goodRows: 0..<21), "\(sample)")
        }
      }
    }
  }

  func testBlueComesFirstWhereTheFormatWantsThat() throws {
    let sample = PNGSample(width: 9, height: 5, kind: PNG_COLOR_TYPE_RGB_ALPHA)
    let red = sample.pixels
    let blue = try decode(sample.encoded(), as: .argb8888).pixels
    let swapped = red.indices.map { red[$0 - $0 % 4 + [2, 1, 0, 3][$0 % 4]] }
    XCTAssertEqual(blue, swapped)
  }

  func testWhatHasNoAlphaIsOpaqueAndMayBeOfFormatsWithoutIt() throws {
    let opaque = try PNGImage(
      ImageSource(PNGSample(width: 2, height: 2, kind: PNG_COLOR_TYPE_RGB).encoded()))
    XCTAssertEqual(opaque.header.descriptor.alpha, .opaque)
    XCTAssertEqual(opaque.header.formats, PNGDecoder.formats)
    let clear = try PNGImage(
      ImageSource(PNGSample(width: 2, height: 2, kind: PNG_COLOR_TYPE_PALETTE).encoded()))
    XCTAssertEqual(clear.header.descriptor.alpha, .premultiplied)
    XCTAssertEqual(clear.header.formats, PNGDecoder.alphaFormats)
  }

  func testMemoryIsWrittenInWholeLinesAndNeverRead() throws {
    for isInterlaced in [false, true] {
      let sample = PNGSample(
        width: 100, height: 40, kind: PNG_COLOR_TYPE_RGB_ALPHA, isInterlaced: isInterlaced)
      let picture = try PNGImage(ImageSource(sample.encoded()))
      let pool = try XCTUnwrap(pool)
      let buffer = try pool.allocate(picture.header.descriptor, for: .texture)
      try XCTAssertWriteCombiningFriendly(pool) { try picture.decode(into: buffer) }
    }
  }

  func testEveryCutIsAnErrorWithItsPlaceAndNeverACrash() throws {
    for isInterlaced in [false, true] {
      let sample = PNGSample(
        width: 40, height: 30, kind: PNG_COLOR_TYPE_RGB, isInterlaced: isInterlaced)
      let file = sample.encoded()
      for size in stride(from: 0, to: file.count, by: 7) {
        XCTAssertThrowsError(try decode(Array(file.prefix(size)))) {
          switch ($0 as? ImageDecodingError)?.reason {
          case .truncated, .empty, .unrecognized: break
          default: XCTFail("\(size) bytes: \($0)")
          }
        }
      }
    }
  }

  func testFlippedBitsAreAnErrorOrAPicture() throws {
    var random = SplitMix64(seed: 11)
    let file = PNGSample(width: 33, height: 20, kind: PNG_COLOR_TYPE_PALETTE).encoded()
    for _ in 0..<2000 {
      var bytes = file
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
      do { _ = try decode(bytes) } catch { XCTAssertTrue(error is ImageDecodingError, "\(error)") }
    }
  }

  func testWhatIsRightOfACutFileIsKeptWhereThatIsWanted() throws {
    let sample = PNGSample(width: 128, height: 128, kind: PNG_COLOR_TYPE_RGB)
    var options = DecodingOptions()
    options.damage = .salvage(fill: [1, 2, 3, 4])
    let file = sample.encoded()
    let (pixels, report) = try decode(Array(file.prefix(file.count * 2 / 3)), options)
    let good = report.goodRows.upperBound
    XCTAssertTrue((1..<128).contains(good), "\(good)")
    XCTAssertEqual(report.warnings.count, 1)
    XCTAssertEqual(pixels.prefix(good * 512), sample.pixels.prefix(good * 512))
    XCTAssertEqual(Array(pixels.suffix(4)), [1, 2, 3, 4])
  }

  func testRegionIsThatPartOfThePicture() throws {
    var options = DecodingOptions()
    for isInterlaced in [false, true] {
      let sample = PNGSample(
        width: 37, height: 41, kind: PNG_COLOR_TYPE_RGB_ALPHA, isInterlaced: isInterlaced)
      for region in [
        ImageRegion(x: 0, y: 0, width: 1, height: 1),
        ImageRegion(x: 5, y: 7, width: 20, height: 30),
        ImageRegion(x: 36, y: 40, width: 1, height: 1),
        ImageRegion(x: 0, y: 0, width: 37, height: 41),
      ] {
        options.region = region
        let (pixels, report) = try decode(sample.encoded(), options)
        var expected: [UInt8] = []
        for y in region.rows {
          let start = (y * 37 + region.x) * 4
          expected += sample.pixels[start..<start + region.width * 4]
        }
        XCTAssertEqual(pixels, expected, "\(region)")
        XCTAssertEqual(report.goodRows, 0..<region.height)
      }
    }
    options.region = ImageRegion(x: 30, y: 0, width: 8, height: 1)
    XCTAssertThrowsError(
      try decode(PNGSample(width: 37, height: 41, kind: PNG_COLOR_TYPE_RGB).encoded(), options)
    ) { XCTAssertEqual("\($0)", "picture: the region 8x1+30+0 is no part of a picture of 37x41") }
  }

  func testRegionOfACutFileIsKeptAsFarAsItGoes() throws {
    let sample = PNGSample(width: 128, height: 128, kind: PNG_COLOR_TYPE_RGB)
    let file = sample.encoded()
    let cut = Array(file.prefix(file.count * 2 / 3))
    var options = DecodingOptions()
    options.region = ImageRegion(x: 10, y: 20, width: 40, height: 30)
    XCTAssertEqual(try decode(cut, options).pixels, try decode(file, options).pixels)
    options.region = ImageRegion(x: 10, y: 20, width: 40, height: 100)
    XCTAssertThrowsError(try decode(cut, options))
    options.damage = .salvage(fill: [1, 2, 3, 4])
    let (pixels, report) = try decode(cut, options)
    XCTAssertTrue((31..<100).contains(report.goodRows.upperBound), "\(report)")
    XCTAssertEqual(Array(pixels.suffix(4)), [1, 2, 3, 4])
    options.region = ImageRegion(x: 10, y: 120, width: 40, height: 8)
    XCTAssertThrowsError(try decode(cut, options), "no row is good")
  }

  func testWhatAPNGDoesNotHaveIsRefusedOrSaid() throws {
    let sample = PNGSample(width: 8, height: 4, kind: PNG_COLOR_TYPE_RGB)
    var options = DecodingOptions()
    options.prefersPlanes = true
    options.size = .fit(ImageSize(width: 2, height: 2))
    let (pixels, report) = try decode(sample.encoded(), options)
    XCTAssertEqual(pixels, sample.pixels, "all pixels cover every size")
    XCTAssertEqual(report.warnings, ["decoded to colours: a PNG has no luma and chroma"])
    for content in [DecodingOptions.Content.thumbnail, .preview] {
      options.content = content
      XCTAssertThrowsError(try decode(sample.encoded(), options)) {
        XCTAssertEqual("\($0)", "picture: no thumbnail: a PNG has none")
      }
    }
  }

  func testClaimsBeyondTheLimitsAreRefusedBeforeMemoryIsTaken() throws {
    func refusal(_ set: (inout PNGLimits) -> Void, isInterlaced: Bool = false) -> String? {
      var limits = PNGLimits()
      set(&limits)
      let sample = PNGSample(
        width: 40, height: 30, kind: PNG_COLOR_TYPE_RGB, isInterlaced: isInterlaced)
      do {
        _ = try decode(sample.encoded(), by: PNGDecoder(limits: limits))
        return nil
      } catch { return "\(error)" }
    }
    XCTAssertEqual(refusal { $0.width = 39 }, "picture: width: 40 or more; the limit is 39")
    XCTAssertEqual(refusal { $0.height = 29 }, "picture: height: 30 or more; the limit is 29")
    XCTAssertEqual(refusal { $0.pixels = 1199 }, "picture: pixels: 1200 or more; the limit is 1199")
    XCTAssertNil(refusal { $0.interlacedBytes = 4799 })
    XCTAssertEqual(
      refusal({ $0.interlacedBytes = 4799 }, isInterlaced: true),
      "picture: bytes of an interlaced image: 4800 or more; the limit is 4799")
  }

  /// Whatever the kind of the chunk, and whether it has what it says or not.
  func testChunksThatClaimGigabytesTakeNoMemory() throws {
    let file = PNGSample(width: 13, height: 9, kind: PNG_COLOR_TYPE_RGB).encoded()
    let header = Array(file.prefix(33))
    for kind in ["tEXt", "zTXt", "iTXt", "eXIf", "iCCP", "sPLT", "hIST", "pCAL", "tRNS", "abCd"] {
      for size: [UInt8] in [[0x7F, 0xFF, 0xFF, 0xFF], [0x08, 0, 0, 0]] {
        let bytes = header + size + Array(kind.utf8) + file.dropFirst(33)
        let before = Self.faults()
        XCTAssertThrowsError(try decode(bytes), kind)
        XCTAssertLessThan(Self.faults() - before, 2000, "\(kind), pages")
      }
    }
  }

  private static func faults() -> Int {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_minflt
  }

  func testDecodingEndsWithinAGroupOfRowsWhereTheCallerDoesNotGoOn() throws {
    for isInterlaced in [false, true] {
      let sample = PNGSample(
        width: 16, height: 200, kind: PNG_COLOR_TYPE_RGB, isInterlaced: isInterlaced)
      let picture = try PNGImage(ImageSource(sample.encoded(), named: "picture"))
      let buffer = try XCTUnwrap(pool).allocate(picture.header.descriptor)
      let asked = Mutex(0)
      XCTAssertThrowsError(
        try picture.decode(into: buffer) { _ in
          asked.withLock { $0 += 1 }
          return false
        }
      ) { XCTAssertEqual("\($0)", "picture: cancelled") }
      XCTAssertEqual(asked.withLock { $0 }, 1)
      XCTAssertNotNil(buffer.discardReason)
    }
  }

  func testAnotherKindOfFileIsCalledByItsName() throws {
    let jpeg = try ImageSource(FilePath(TestPhotograph.path("lake.jpg")))
    XCTAssertThrowsError(try PNGImage(jpeg)) {
      XCTAssertTrue("\($0)".hasSuffix("lake.jpg: seems to be a JPEG"), "\($0)")
    }
  }
}
