import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

/// The small picture in the EXIF of a file.
final class ThumbnailTests: XCTestCase {
  private let pool = try? TexturePool(for: [JPEGDecoder.component])

  func testThumbnailIsAnImageOfItsOwn() throws {
    let small = try SampleFile.make(40, 30)
    let expected = try decode(small, DecodingOptions())
    for bigEndian in [false, true] {
      let file = try SampleFile.make(400, 300).inserting([.thumbnail(small, bigEndian: bigEndian)])
      for content in [DecodingOptions.Content.thumbnail, .preview] {
        var options = DecodingOptions()
        options.content = content
        let photo = try JPEGImage(file, named: "photo", options)
        XCTAssertEqual(photo.name, "photo")
        XCTAssertEqual(photo.size, ImageSize(width: 40, height: 30))
        XCTAssertEqual(photo.header.wholeSize, photo.size)
        XCTAssertEqual(try decode(file, options), expected)
      }
    }
  }

  /// What is behind the header of the picture may lack, or be wrong.
  func testNothingOfThePictureIsReadForItsThumbnail() throws {
    let small = try SampleFile.make(40, 30)
    let file = try SampleFile.make(400, 300).inserting([.thumbnail(small)])
    let scan = try XCTUnwrap(
      file.indices.dropFirst(small.count + 100).first { file[$0...].starts(with: [0xFF, 0xDA]) })
    let header = Array(file.prefix(scan + 14))
    var options = DecodingOptions()
    options.content = .preview
    XCTAssertEqual(try decode(header, options), try decode(small, DecodingOptions()))
    options.content = .picture
    XCTAssertThrowsError(try decode(header, options))
  }

  func testThumbnailIsCutAndScaledAsAnyPicture() throws {
    let small = try SampleFile.make(160, 120)
    let file = try SampleFile.make(800, 600).inserting([.thumbnail(small)])
    var options = DecodingOptions()
    options.region = ImageRegion(x: 8, y: 16, width: 80, height: 64)
    options.size = .fit(ImageSize(width: 20, height: 20))
    let expected = try decode(small, options)
    options.content = .thumbnail
    XCTAssertEqual(try decode(file, options), expected)
    options.region = ImageRegion(x: 8, y: 16, width: 160, height: 64)
    XCTAssertThrowsError(try decode(file, options), "of the picture, but not of the thumbnail")
  }

  func testThumbnailIsTurnedAsItSaysOrAsThePicture() throws {
    let small = try SampleFile.make(40, 30)
    var options = DecodingOptions()
    options.content = .preview
    for orientation in Orientation.allCases {
      let file = try SampleFile.make(400, 300)
        .inserting([.thumbnail(small, orientation: Int(orientation.rawValue))])
      XCTAssertEqual(try JPEGImage(file, options).orientation, orientation)
    }
    // The picture was turned, but not its thumbnail.
    let file = try SampleFile.make(300, 400)
      .inserting([.thumbnail(small, orientation: 1, ownOrientation: 6)])
    let photo = try JPEGImage(file, options)
    XCTAssertEqual(photo.orientation, .turnedRight)
    XCTAssertEqual(photo.size, ImageSize(width: 30, height: 40))
  }

  func testPreviewHasTheProportionsOfThePicture() throws {
    for (width, height, isRight) in [
      (160, 120, true), (160, 119, true), (161, 120, true), (160, 118, false), (162, 120, false),
      (160, 107, false), (120, 160, false), (4, 3, true),
    ] {
      let small = try SampleFile.make(width, height)
      let file = try SampleFile.make(800, 600).inserting([.thumbnail(small)])
      var options = DecodingOptions()
      options.content = .preview
      if isRight {
        XCTAssertNoThrow(try JPEGImage(file, options), "\(width)x\(height)")
      } else {
        XCTAssertThrowsError(try JPEGImage(file, named: "photo", options)) {
          XCTAssertEqual(
            "\($0)",
            "photo: no thumbnail: the proportions of \(width)x\(height) are not those of 800x600")
        }
      }
      options.content = .thumbnail
      XCTAssertNoThrow(try JPEGImage(file, options))
    }
  }

  func testFileWithoutThumbnailSaysWhy() throws {
    let file = try SampleFile.make(80, 60)
    let small = try SampleFile.make(40, 30)
    for (segments, word) in [
      ([], "the file has no EXIF"), ([Segment.orientation(6)], "its EXIF has none"),
      ([.thumbnail(small, compression: 1)], "its thumbnail is no JPEG"),
      ([.thumbnail([UInt8](repeating: 7, count: 20))], "it is no JPEG"),
      ([.thumbnail(small, lengthens: 1)], "its thumbnail lies outside"),
      ([.thumbnail(small, lengthens: Int(Int32.max))], "its thumbnail lies outside"),
      ([.thumbnail(small, lengthens: -small.count)], "its thumbnail lies outside"),
      ([.exif([0x49, 0x49, 42, 0, 8, 0, 0, 0])], "its first directory lies outside"),
    ] {
      var options = DecodingOptions()
      options.content = .thumbnail
      XCTAssertThrowsError(try JPEGImage(file.inserting(segments), named: "photo", options)) {
        XCTAssertEqual(
          $0 as? ImageDecodingError, ImageDecodingError("photo", .noThumbnail(word)))
      }
      XCTAssertNoThrow(try JPEGImage(file.inserting(segments)))
    }
  }

  func testMutatedThumbnailIsAPictureOrAnError() throws {
    let small = try SampleFile.make(16, 12)
    let whole = Segment.thumbnail(small)
    let file = try SampleFile.make(64, 48)
    var random = SplitMix64(seed: 5)
    var options = DecodingOptions()
    options.content = .thumbnail
    for _ in 0..<3000 {
      var bytes = whole.bytes
      for _ in 0..<3 {
        let place = Int.random(in: 6..<120, using: &random)
        bytes[place] = .random(in: 0...255, using: &random)
      }
      bytes.removeLast(.random(in: 0...8, using: &random))
      _ = try? decode(file.inserting([Segment(marker: 0xE1, bytes: bytes)]), options)
    }
  }

  private func decode(_ file: [UInt8], _ options: DecodingOptions) throws -> [UInt8] {
    let photo = try JPEGImage(file, options)
    let buffer = try XCTUnwrap(pool).allocate(photo.descriptor)
    try photo.decode(into: buffer)
    return try buffer.pixels()
  }
}
