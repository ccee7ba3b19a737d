import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

final class EXIFTests: XCTestCase {
  func testEachOrientationIsRead() throws {
    let file = try SampleFile.make(20, 10)
    for orientation in Orientation.allCases {
      for (bigEndian, type) in [(false, 3), (true, 3), (false, 4), (true, 4), (false, 1)] {
        let exif = Segment.orientation(
          Int(orientation.rawValue), bigEndian: bigEndian, type: type)
        let photo = try JPEGImage(file.inserting([exif]))
        XCTAssertEqual(photo.orientation, orientation)
        XCTAssertEqual(photo.warnings, [])
        XCTAssertEqual(
          photo.size,
          orientation.swapsSides
            ? ImageSize(width: 10, height: 20) : ImageSize(width: 20, height: 10))
        XCTAssertEqual(photo.descriptor.size, ImageSize(width: 20, height: 10), "as it is stored")
      }
    }
  }

  func testFileWithoutEXIFIsUpright() throws {
    let file = try SampleFile.make(20, 10)
    let extended = Segment(marker: 0xE1, bytes: Array("http://ns.adobe.com/xap/1.0/\0<x/>".utf8))
    let empty: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    for segments in [[], [extended], [.exif(empty)]] {
      let photo = try JPEGImage(file.inserting(segments))
      XCTAssertEqual(photo.orientation, .upright)
      XCTAssertEqual(photo.warnings, [])
    }
  }

  func testFirstEXIFCounts() throws {
    let file = try SampleFile.make(20, 10).inserting([.orientation(6), .orientation(3)])
    XCTAssertEqual(try JPEGImage(file).orientation, .turnedRight)
  }

  func testMalformedEXIFIsIgnoredWithAWarning() throws {
    let file = try SampleFile.make(20, 10)
    let whole = Segment.orientation(6).bytes.dropFirst(6)
    func changed(_ offset: Int, _ bytes: [UInt8]) -> [UInt8] {
      var all = Array(whole)
      all.replaceSubrange(offset..<offset + bytes.count, with: bytes)
      return all
    }
    let cases: [([UInt8], String)] = [
      (Array(whole.prefix(7)), "it ends in its header"),
      (changed(0, [0x49, 0x4D]), "it names no order of bytes"),
      (changed(2, [43]), "it is no TIFF"),
      (changed(4, [0xFF, 0xFF, 0xFF, 0xFF]), "its first directory lies outside"),
      (changed(4, [25]), "its first directory lies outside"),
      (changed(8, [3, 0, 0x13]), "a directory ends early"),
      (changed(12, [2]), "its orientation is not one number"),
      (changed(14, [2]), "its orientation is not one number"),
      (changed(18, [0]), "its orientation is 0, not 1 to 8"),
      (changed(18, [9]), "its orientation is 9, not 1 to 8"),
      (Array(whole.prefix(19)), "its orientation is not one number"),
    ]
    for (bytes, message) in cases {
      let photo = try JPEGImage(file.inserting([.exif(bytes)]))
      XCTAssertEqual(photo.orientation, .upright, message)
      XCTAssertEqual(photo.warnings, ["EXIF ignored: " + message])
    }
  }

  func testMutatedEXIFIsNeverReadBeyondItsEnd() throws {
    let file = try SampleFile.make(8, 8)
    let whole = Array(Segment.orientation(6).bytes.dropFirst(6))
    var random = SplitMix64(seed: 1)
    for _ in 0..<2000 {
      var bytes = whole
      for _ in 0..<3 {
        bytes[.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      bytes.removeLast(.random(in: 0...bytes.count, using: &random))
      _ = try JPEGImage(file.inserting([.exif(bytes)])).orientation
    }
  }
}
