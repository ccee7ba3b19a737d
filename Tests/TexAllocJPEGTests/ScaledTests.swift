import CCoefficients
import Foundation
import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

/// Files decoded to no more pixels than are shown.
final class ScaledTests: XCTestCase {
  private static let codings = [
    "-sample 1x1", "-sample 2x1", "-sample 1x2", "-sample 2x2", "-sample 4x1", "-sample 4x2",
    "-sample 2x2,1x2,2x1", "-sample 1x1,2x2,1x1", "-progressive", "-progressive -sample 1x2",
    "-grayscale", "-rgb", "-restart 1", "-arithmetic",
  ]

  func testScaledPixelsAreThoseOfLibjpeg() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for coding in Self.codings {
      for (width, height) in [(1, 1), (17, 15), (37, 50), (130, 33)] {
        let file = try SampleFile.make(width, height, coding)
        for eighths in [1, 2, 4, 8] {
          let photo = try JPEGImage(file, .scaled(ImageSize(width: width, height: height), eighths))
          let size = ImageSize(width: width, height: height)
          // A picture of few pixels has the same at several scales, of which the least is taken.
          let scale = try XCTUnwrap(
            [1, 2, 4, 8].first { Self.scaled(size, $0) == photo.descriptor.size })
          if height > 30 { XCTAssertEqual(scale, eighths, "\(size)") }
          XCTAssertEqual(photo.header.wholeSize, size)
          let buffer = try pool.allocate(photo.descriptor(as: photo.isGrey ? [.r8] : [.abgr8888]))
          try photo.decode(into: buffer)
          XCTAssertEqual(
            try buffer.colours(), try Tool.djpeg(file, "-scale \(scale)/8"),
            "\(coding) \(width)x\(height) \(eighths)/8")
        }
      }
    }
  }

  func testScaledPlanesAreThoseOfLibjpeg() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component], from: [MemfdHeap()])
    for (coding, formats) in [
      ("-sample 1x1", [Fourcc.nv24, .yuv444]), ("-sample 2x1", [.nv16, .yuv422]),
      ("-sample 2x2", [.nv24, .yuv444]), ("-sample 4x1", [.yuv411]),
      ("-sample 2x2 -progressive", [.nv24, .yuv444]),
    ] {
      for (width, height) in [(37, 50), (129, 17), (64, 64)] {
        let size = ImageSize(width: width, height: height)
        let file = try SampleFile.make(width, height, coding)
        for eighths in [1, 2, 4] {
          let photo = try JPEGImage(file, .scaled(size, eighths))
          XCTAssertEqual(photo.planarFormats, formats, coding)
          let reference = try planes(of: file, eighths)
          for format in formats {
            let buffer = try pool.allocate(photo.descriptor(as: [format]), for: .cpuRead)
            try photo.decode(into: buffer)
            let held = try buffer.layout.planes.indices.map { try buffer.pixels(ofPlane: $0) }
            let wanted =
              held.count == 3
              ? reference : [reference[0], zip(reference[1], reference[2]).flatMap { [$0, $1] }]
            XCTAssertEqual(held, wanted, "\(coding) \(size) \(eighths)/8 as \(format)")
          }
        }
      }
    }
  }

  func testAsFewPixelsAreDecodedAsCoverWhatIsShown() throws {
    let file = try SampleFile.make(400, 300)
    for (size, expected) in [
      (ShownSize.fit(ImageSize(width: 50, height: 50)), (50, 38)),
      (.fit(ImageSize(width: 51, height: 51)), (100, 75)),
      (.fill(ImageSize(width: 50, height: 50)), (100, 75)),
      (.fill(ImageSize(width: 50, height: 38)), (100, 75)),
      (.fill(ImageSize(width: 50, height: 37)), (50, 38)),
      (.fit(ImageSize(width: 200, height: .max)), (200, 150)),
      (.fit(ImageSize(width: 201, height: 1000)), (400, 300)),
      (.fit(ImageSize(width: .max, height: .max)), (400, 300)),
      (.fill(ImageSize(width: 1, height: 300)), (400, 300)),
      (.fill(ImageSize(width: .max, height: 1)), (400, 300)),
      (.fit(ImageSize(width: 1, height: 1)), (50, 38)),
    ] {
      var options = DecodingOptions()
      options.size = size
      let photo = try JPEGImage(file, options)
      XCTAssertEqual(
        photo.size, ImageSize(width: expected.0, height: expected.1), "\(size)")
      let shown = size.shown(photo.header.wholeSize)
      XCTAssertTrue(shown.width <= photo.size.width && shown.height <= photo.size.height, "\(size)")
    }
  }

  func testPicturesKeepTheirProportionsAndAreNeverEnlarged() {
    let picture = ImageSize(width: 400, height: 300)
    func shown(_ size: ShownSize) -> String { "\(size.shown(picture))" }
    XCTAssertEqual(shown(.fit(ImageSize(width: 100, height: 100))), "100x75")
    XCTAssertEqual(shown(.fill(ImageSize(width: 100, height: 100))), "133x100")
    XCTAssertEqual(shown(.fit(ImageSize(width: 1000, height: 30))), "40x30")
    XCTAssertEqual(shown(.fill(ImageSize(width: 200, height: 30))), "200x150")
    XCTAssertEqual(shown(.fit(ImageSize(width: 500, height: 500))), "400x300")
    XCTAssertEqual(shown(.fill(ImageSize(width: 500, height: 500))), "400x300")
    XCTAssertEqual(shown(.fit(ImageSize(width: 1, height: .max))), "1x1")
  }

  func testScaledPictureIsTurnedAsTheWholeOne() throws {
    for orientation in Orientation.allCases {
      let file = try SampleFile.make(160, 80)
        .inserting([.orientation(Int(orientation.rawValue))])
      var options = DecodingOptions()
      options.size = .fit(ImageSize(width: 40, height: 40))
      let photo = try JPEGImage(file, options)
      XCTAssertEqual(photo.orientation, orientation)
      XCTAssertEqual(photo.descriptor.size, ImageSize(width: 40, height: 20))
      XCTAssertEqual(photo.size, orientation.upright(photo.descriptor.size))
      // Upright it is 80 or 160 wide, and 30 pixels of width need a half of the one, a quarter of the other.
      options.size = .fit(ImageSize(width: 30, height: 1000))
      XCTAssertEqual(
        try JPEGImage(file, options).descriptor.size,
        orientation.swapsSides
          ? ImageSize(width: 80, height: 40) : ImageSize(width: 40, height: 20))
    }
  }

  func testProfileIsAppliedToScaledPixels() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let file = try SampleFile.make(80, 60).inserting([.whole(TestProfile.swapped)])
    var options = DecodingOptions.scaled(ImageSize(width: 80, height: 60), 4)
    var held: [[UInt8]] = []
    for applies in [false, true] {
      options.appliesProfile = applies
      let photo = try JPEGImage(file, options)
      let buffer = try pool.allocate(photo.descriptor)
      try photo.decode(into: buffer)
      held.append(try buffer.colours())
    }
    XCTAssertEqual(held[1].count, 40 * 30 * 3)
    for start in stride(from: 0, to: held[0].count, by: 3) {
      let light = held[0][start..<start + 3].map { pow(Double($0) / 255, 2.2) }
      for (index, part) in [light[1], light[0], light[2]].enumerated() {
        XCTAssertEqual(Double(held[1][start + index]), TestProfile.sRGB(part), accuracy: 2)
      }
    }
  }

  func testSizesWithoutPixelsAreRefused() throws {
    let file = try SampleFile.make(20, 10)
    for (width, height) in [(0, 5), (5, 0), (-1, 5), (.min, .min)] {
      let size = ImageSize(width: width, height: height)
      for wanted in [ShownSize.fit(size), .fill(size)] {
        var options = DecodingOptions()
        options.size = wanted
        XCTAssertThrowsError(try JPEGImage(file, named: "photo", options)) {
          XCTAssertEqual($0 as? ImageDecodingError, ImageDecodingError("photo", .badSize(size)))
        }
      }
    }
  }

  private static func scaled(_ size: ImageSize, _ eighths: Int) -> ImageSize {
    ImageSize(width: (size.width * eighths + 7) / 8, height: (size.height * eighths + 7) / 8)
  }

  private func planes(of file: [UInt8], _ eighths: Int) throws -> [[UInt8]] {
    var all = [UInt8](repeating: 0, count: 1 << 20)
    var sizes = [UInt32](repeating: 0, count: 6)
    let count = unsafe sizes.withUnsafeMutableBufferPointer { sizes in
      guard let start = sizes.baseAddress else { return 0 }
      return unsafe start.withMemoryRebound(to: (UInt32, UInt32).self, capacity: 3) { sizes in
        unsafe texalloc_read_planes(file, file.count, UInt32(eighths), &all, all.count, sizes)
      }
    }
    XCTAssertGreaterThan(count, 0)
    var start = 0
    return (0..<3).map { plane in
      let size = Int(sizes[plane * 2] * sizes[plane * 2 + 1])
      defer { start += size }
      return Array(all[start..<start + size])
    }
  }
}

extension DecodingOptions {
  /// To so many eighths of the size of a picture.
  static func scaled(_ size: ImageSize, _ eighths: Int) -> DecodingOptions {
    var options = DecodingOptions()
    options.size = .fill(
      ImageSize(width: max(1, size.width * eighths / 8), height: max(1, size.height * eighths / 8)))
    return options
  }
}

extension TextureBuffer {
  /// Red, green and blue, or grey, of the rows, one after the other.
  func colours() throws -> [UInt8] {
    let pixels = try pixels()
    return layout.format.fourcc == .r8
      ? pixels : pixels.indices.lazy.filter { $0 % 4 != 3 }.map { pixels[$0] }
  }
}
