import AuditSupport
import TestSupport
import TexAlloc
import TexAllocAudit
import TexAllocJPEG
import XCTest

/// Parts of pictures, which are the same as in the whole.
final class PictureRegionTests: XCTestCase {
  private static let codings = [
    "-sample 1x1", "-sample 2x1", "-sample 1x2", "-sample 2x2", "-sample 4x1", "-sample 4x2",
    "-sample 2x2,1x2,2x1", "-sample 1x1,2x2,1x1", "-grayscale", "-rgb", "-restart 1",
    "-progressive", "-progressive -sample 1x2", "-arithmetic",
  ]
  private let pool = try? TexturePool(for: [JPEGDecoder.component])

  func testRegionIsThatPartOfTheWholePicture() throws {
    var random = SplitMix64(seed: 1)
    for coding in Self.codings {
      for (width, height) in [(1, 1), (9, 70), (130, 97)] {
        let file = try SampleFile.make(width, height, coding)
        for orientation in Orientation.allCases {
          let turned = file.inserting([.orientation(Int(orientation.rawValue))])
          let formats: [Fourcc] = orientation == .upright ? JPEGDecoder.formats : [.abgr8888]
          for format in formats {
            let whole = try upright(turned, DecodingOptions(), format)
            for _ in 0..<4 {
              var options = DecodingOptions()
              let region = Self.region(of: whole.size, &random)
              options.region = region
              XCTAssertTrue(
                try upright(turned, options, format) == whole.part(region),
                "\(coding) \(width)x\(height) \(orientation) \(region) \(format)")
            }
          }
        }
      }
    }
  }

  /// At a scale a region is every pixel that it touches.
  func testRegionOfAScaledPictureIsThatPartOfIt() throws {
    var random = SplitMix64(seed: 2)
    let stored = ImageSize(width: 131, height: 107)
    for coding in Self.codings {
      let file = try SampleFile.make(stored.width, stored.height, coding)
      for eighths in [1, 2, 4] {
        let whole = try decode(file, .scaled(stored, eighths))
        for orientation in Orientation.allCases {
          let turned = file.inserting([.orientation(Int(orientation.rawValue))])
          for _ in 0..<3 {
            var options = DecodingOptions()
            let region = Self.region(of: orientation.upright(stored), &random, atLeast: 16)
            options.region = region
            options.size = .fill(
              ImageSize(
                width: region.width * eighths / 8, height: region.height * eighths / 8))
            let part = orientation.stored(region, of: stored)
            let touched = ImageRegion(
              from: part.x * eighths / 8, part.y * eighths / 8,
              to: ((part.x + part.width) * eighths + 7) / 8,
              ((part.y + part.height) * eighths + 7) / 8)
            XCTAssertTrue(
              try decode(turned, options) == whole.part(touched),
              "\(coding) \(eighths)/8 \(orientation) \(region)")
          }
        }
      }
    }
  }

  /// Many rows are passed over, in several steps.
  func testRegionFarDownIsThatPartOfTheWholePicture() throws {
    var random = SplitMix64(seed: 3)
    for coding in ["-sample 2x2", "-sample 1x1", "-sample 1x2 -restart 3", "-progressive"] {
      let file = try SampleFile.make(40, 3000, coding)
      let whole = try decode(file, DecodingOptions())
      for y in [0, 15, 16, 1024, 1039, 1040, 1041, 2048, 2063, 2999]
        + (0..<20).map({ _ in
          Int.random(in: 0..<3000, using: &random)
        })
      {
        var options = DecodingOptions()
        let region = ImageRegion(x: 3, y: y, width: 20, height: min(40, 3000 - y))
        options.region = region
        XCTAssertTrue(try decode(file, options) == whole.part(region), "\(coding) \(region)")
        options.region?.x = 0
        options.region?.width = 40
        let rows = ImageRegion(x: 0, y: y, width: 40, height: region.height)
        XCTAssertTrue(try decode(file, options) == whole.part(rows), "\(coding) \(rows)")
      }
    }
  }

  func testPlanesOfARegionAreThatPartOfTheWholePlanes() throws {
    var random = SplitMix64(seed: 4)
    let pool = try TexturePool(for: [JPEGDecoder.component], from: [MemfdHeap()])
    let stored = ImageSize(width: 131, height: 107)
    for (coding, across, down) in [
      ("-sample 1x1", 1, 1), ("-sample 2x1", 2, 1), ("-sample 2x2", 2, 2), ("-sample 4x1", 4, 1),
      ("-sample 2x2 -progressive", 2, 2),
    ] {
      let file = try SampleFile.make(stored.width, stored.height, coding)
      for orientation in Orientation.allCases {
        let turned = file.inserting([.orientation(Int(orientation.rawValue))])
        let all = try JPEGImage(turned)
        for format in all.planarFormats {
          let whole = try planes(all, format, in: pool)
          for _ in 0..<4 {
            var options = DecodingOptions()
            options.prefersPlanes = true
            let region = Self.region(of: all.size, &random)
            options.region = region
            let photo = try JPEGImage(turned, options)
            let part = orientation.stored(region, of: stored)
            guard part.x % across == 0, part.y % down == 0 else {
              XCTAssertEqual(photo.planarFormats, [])
              XCTAssertTrue(photo.warnings.last?.contains("within a sample of chroma") ?? false)
              continue
            }
            let held = try planes(photo, format, in: pool)
            for (plane, (part, whole)) in zip(held, whole).enumerated() {
              let (h, v) = plane == 0 ? (1, 1) : (across, down)
              let place = orientation.stored(region, of: stored)
              XCTAssertEqual(
                part,
                whole.part(
                  ImageRegion(
                    from: place.x / h, place.y / v, to: (place.x + place.width + h - 1) / h,
                    (place.y + place.height + v - 1) / v)),
                "\(coding) \(orientation) \(region) \(format), plane \(plane)")
            }
          }
        }
      }
    }
  }

  func testRegionsThatAreNoPartOfThePictureAreRefused() throws {
    let size = ImageSize(width: 10, height: 20)
    let file = try SampleFile.make(20, 10).inserting([.orientation(6)])
    for region in [
      ImageRegion(x: 0, y: 0, width: 11, height: 1), ImageRegion(x: 0, y: 0, width: 20, height: 10),
      ImageRegion(x: 9, y: 19, width: 2, height: 1), ImageRegion(x: -1, y: 0, width: 2, height: 2),
      ImageRegion(x: 0, y: 0, width: 0, height: 5), ImageRegion(x: 0, y: 0, width: 5, height: -5),
      ImageRegion(x: 10, y: 0, width: 1, height: 1),
      ImageRegion(x: 5, y: 0, width: .max, height: 1),
      ImageRegion(x: .max, y: .max, width: .max, height: .max),
      ImageRegion(x: .min, y: .min, width: .min, height: .min),
    ] {
      var options = DecodingOptions()
      options.region = region
      XCTAssertThrowsError(try JPEGImage(file, named: "photo", options)) {
        XCTAssertEqual(
          $0 as? ImageDecodingError, ImageDecodingError("photo", .badRegion(region, picture: size)))
      }
    }
    var options = DecodingOptions()
    options.region = ImageRegion(of: size)
    XCTAssertEqual(try JPEGImage(file, options).size, size)
    XCTAssertEqual(ImageRegion("10x20+1+2"), ImageRegion(x: 1, y: 2, width: 10, height: 20))
    for text in ["10x20", "10x20+1", "10x20+-1+2", "10x20+1+2+3", "x+1+2", "10x20+ 1+2", ""] {
      XCTAssertNil(ImageRegion(text), text)
    }
  }

  func testOnlyDamageWithinTheRegionCountsAndWhatIsAbove() throws {
    let whole = try SampleFile.make(64, 256)
    let cut = Array(whole.prefix(whole.count / 2))
    var options = DecodingOptions()
    options.region = ImageRegion(x: 5, y: 20, width: 30, height: 30)
    XCTAssertEqual(try decode(cut, options), try decode(whole, options))
    options.region?.y = 220
    XCTAssertThrowsError(try decode(cut, options))
    options.damage = .salvage(fill: [10, 20, 30, 255])
    XCTAssertThrowsError(try decode(cut, options), "no row is good")

    options.region = ImageRegion(x: 5, y: 20, width: 30, height: 236)
    let photo = try JPEGImage(cut, options)
    let buffer = try XCTUnwrap(pool).allocate(photo.descriptor)
    let report = try photo.decode(into: buffer)
    XCTAssertEqual(report.goodRows.lowerBound, 0)
    let good = report.goodRows.count
    XCTAssertTrue(60 < good && good < 140, "\(good)")
    let held = Pixels(photo.descriptor.size, pixelSize: 4, try buffer.pixels())
    options.damage = .strict
    let expected = try decode(whole, options)
    let part = ImageRegion(x: 0, y: 0, width: 30, height: good)
    XCTAssertEqual(held.part(part), expected.part(part))
    XCTAssertEqual(Array(held.bytes.suffix(4)), [10, 20, 30, 255])
    XCTAssertFalse(report.warnings.isEmpty)
  }

  func testRegionOfABrokenFileIsThatOfTheWholeOrAnError() throws {
    var random = SplitMix64(seed: 6)
    // What is broken may claim to be large.
    var limits = JPEGLimits()
    (limits.pixels, limits.coefficients) = (1 << 14, 1 << 18)
    let decoder = JPEGDecoder(limits: limits)
    for coding in ["-sample 2x2", "-sample 2x1 -restart 1", "-progressive", "-arithmetic"] {
      let file = try SampleFile.make(64, 48, coding)
      for number in 0..<300 {
        var bytes = file
        for _ in 0..<3 {
          bytes[.random(in: 2..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
        }
        if number.isMultiple(of: 3) {
          bytes.removeLast(.random(in: 0..<bytes.count, using: &random))
        }
        var options = DecodingOptions()
        let whole = number.isMultiple(of: 2) ? try? decode(bytes, options, by: decoder) : nil
        let region = Self.region(of: ImageSize(width: 64, height: 48), &random)
        options.region = region
        if whole == nil { options.size = .fit(ImageSize(width: 9, height: 9)) }
        let part = try? decode(bytes, options, by: decoder)
        guard let whole, region.isPart(of: whole.size) else { continue }
        XCTAssertTrue(part == whole.part(region), "\(coding) \(number) \(region)")
      }
    }
  }

  func testPartsAreWrittenInWholeLines() throws {
    var options = DecodingOptions()
    for coding in ["", "-sample 1x1", "-grayscale", "-progressive"] {
      let file = try SampleFile.make(133, 90, coding)
      for (region, size) in [
        (nil, 40), (ImageRegion(x: 20, y: 30, width: 70, height: 40), nil),
        (ImageRegion(x: 0, y: 30, width: 133, height: 40), nil),
        (ImageRegion(x: 20, y: 30, width: 70, height: 40), 20),
      ] as [(ImageRegion?, Int?)] {
        options.region = region
        options.size = size.map { .fit(ImageSize(width: $0, height: $0)) }
        let photo = try JPEGImage(file, options)
        for format in photo.header.formats {
          let pool = try TexturePool(for: [])
          let buffer = try pool.allocate(photo.descriptor(as: [format]))
          let report = try auditing(pool) { _ = try photo.decode(into: buffer) }
          XCTAssertTrue(
            report.isWriteCombiningFriendly, "\(report)\n\(coding) \(photo.size) \(format)")
          XCTAssertGreaterThan(report.fullLineWrites, photo.descriptor.height - 1)
        }
      }
    }
  }

  private static func region(
    of size: ImageSize, _ random: inout SplitMix64, atLeast least: Int = 1
  ) -> ImageRegion {
    let (width, height) = (
      Int.random(in: min(least, size.width)...size.width, using: &random),
      Int.random(in: min(least, size.height)...size.height, using: &random)
    )
    return ImageRegion(
      x: .random(in: 0...size.width - width, using: &random),
      y: .random(in: 0...size.height - height, using: &random), width: width, height: height)
  }

  private func decode(
    _ file: [UInt8], _ options: DecodingOptions, _ format: Fourcc = .abgr8888,
    by decoder: JPEGDecoder = .component
  ) throws -> Pixels {
    let photo = try JPEGImage(file, options, by: decoder)
    let buffer = try XCTUnwrap(pool).allocate(photo.descriptor(as: [format]))
    let report = try photo.decode(into: buffer)
    XCTAssertEqual(report.goodRows, 0..<photo.descriptor.height)
    return Pixels(photo.descriptor.size, buffer.layout.rowSize(ofPlane: 0), try buffer.pixels())
  }

  /// The pixels as they are shown.
  private func upright(
    _ file: [UInt8], _ options: DecodingOptions, _ format: Fourcc
  ) throws -> Pixels {
    try decode(file, options, format).upright(JPEGImage(file, options).orientation)
  }

  private func planes(
    _ photo: JPEGImage, _ format: Fourcc, in pool: TexturePool
  ) throws -> [Pixels] {
    let buffer = try pool.allocate(photo.descriptor(as: [format]), for: .cpuRead)
    try photo.decode(into: buffer)
    let layout = buffer.layout
    return try layout.planes.indices.map { plane in
      let rowSize = layout.rowSize(ofPlane: plane)
      let element = layout.shapes[plane].bytesPerElement
      return Pixels(
        ImageSize(width: rowSize / element, height: layout.rowCount(ofPlane: plane)), rowSize,
        try buffer.pixels(ofPlane: plane))
    }
  }
}

/// Rows of pixels without padding.
private struct Pixels: Equatable {
  let size: ImageSize
  let pixelSize: Int
  let bytes: [UInt8]

  init(_ size: ImageSize, pixelSize: Int, _ bytes: [UInt8]) {
    (self.size, self.pixelSize, self.bytes) = (size, pixelSize, bytes)
  }

  init(_ size: ImageSize, _ rowSize: Int, _ bytes: [UInt8]) {
    self.init(size, pixelSize: rowSize / size.width, bytes)
    XCTAssertEqual(bytes.count, size.height * rowSize)
  }

  private func pixel(_ x: Int, _ y: Int) -> ArraySlice<UInt8> {
    let start = (y * size.width + x) * pixelSize
    return bytes[start..<start + pixelSize]
  }

  func part(_ region: ImageRegion) -> Pixels {
    var part: [UInt8] = []
    for y in region.y..<region.y + region.height {
      let start = (y * size.width + region.x) * pixelSize
      part += bytes[start..<start + region.width * pixelSize]
    }
    return Pixels(region.size, pixelSize: pixelSize, part)
  }

  func upright(_ orientation: Orientation) -> Pixels {
    let shown = orientation.upright(size)
    var result: [UInt8] = []
    for y in 0..<shown.height {
      for x in 0..<shown.width {
        let place = orientation.stored(
          x: (Float(x) + 0.5) / Float(shown.width), y: (Float(y) + 0.5) / Float(shown.height))
        result += pixel(Int(place.x * Float(size.width)), Int(place.y * Float(size.height)))
      }
    }
    return Pixels(shown, pixelSize: pixelSize, result)
  }
}

extension ImageRegion {
  fileprivate init(from x: Int, _ y: Int, to right: Int, _ bottom: Int) {
    self.init(x: x, y: y, width: right - x, height: bottom - y)
  }
}
