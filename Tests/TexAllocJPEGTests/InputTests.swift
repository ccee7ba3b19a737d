import CTurboJPEG
import Foundation
import Synchronization
import SystemPackage
import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

final class InputTests: XCTestCase {
  func testPictureIsTheSameWhereverItsBytesComeFrom() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    try TemporaryFolder.with { folder in
      // Several pieces of a file.
      for coding in [
        "-quality 100 -sample 1x1", "-quality 100 -progressive", "-quality 100 -restart 1",
      ] {
        let bytes = try SampleFile.make(500, 400, coding)
        XCTAssertGreaterThan(bytes.count, 3 << 16)
        let path = FilePath(folder.appending(path: "photo.jpg").path)
        try Data(bytes).write(to: URL(filePath: path.string))
        let expected = Reference.decode(bytes, as: .abgr8888)
        let file = try FileDescriptor.open(path, .readOnly)
        for photo in [
          try JPEGImage(bytes), try JPEGImage(contentsOf: path),
          try JPEGImage(ImageSource(OwnedDescriptor(owning: file))),
        ] {
          let buffer = try pool.allocate(photo.descriptor)
          try photo.decode(into: buffer)
          XCTAssertTrue(try buffer.pixels() == expected, coding)
        }
        let decoder = JPEGDecoder.component
        let buffer = try pool.allocate(decoder.header(of: bytes.span).descriptor)
        try decoder.decode(bytes.span, into: buffer)
        XCTAssertTrue(try buffer.pixels() == expected, coding)
      }
    }
  }

  func testFileThatShrinksWhileItIsDecodedIsTruncated() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    try TemporaryFolder.with { folder in
      let bytes = try SampleFile.make(500, 400, "-quality 100 -sample 1x1")
      let url = folder.appending(path: "photo.jpg")
      try Data(bytes).write(to: url)
      let photo = try JPEGImage(contentsOf: FilePath(url.path))
      let buffer = try pool.allocate(photo.descriptor)
      XCTAssertThrowsError(
        try photo.decode(into: buffer) { done in
          if done > 0.3 { unsafe truncate(url.path, 100_000) }
          return true
        }
      ) {
        guard case .truncated(.row)? = ($0 as? ImageDecodingError)?.reason else {
          return XCTFail("\($0)")
        }
      }
      XCTAssertThrowsError(try photo.decode(into: buffer))
      XCTAssertEqual(unsafe truncate(url.path, 0), 0)
      XCTAssertThrowsError(try photo.decode(into: buffer)) {
        guard case .truncated(.header)? = ($0 as? ImageDecodingError)?.reason else {
          return XCTFail("\($0)")
        }
      }
    }
  }

  /// The buffer was allocated for what the file was. What was read with the header serves once more.
  func testFileThatHasChangedSinceItsHeaderWasReadIsAsItWasOrRefused() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    try TemporaryFolder.with { folder in
      let url = folder.appending(path: "photo.jpg")
      let small = try SampleFile.make(20, 10)
      try Data(small).write(to: url)
      let photo = try JPEGImage(contentsOf: FilePath(url.path))
      let buffer = try pool.allocate(photo.descriptor)
      let file = try FileHandle(forWritingTo: url)
      try file.write(contentsOf: Data(try SampleFile.make(2000, 2000)))
      try photo.decode(into: buffer)
      XCTAssertTrue(try buffer.pixels() == Reference.decode(small, as: .abgr8888))
      XCTAssertThrowsError(try photo.decode(into: buffer)) {
        XCTAssertEqual("\($0)", "\(url.path): damaged in its header: it changed while it was open")
      }
    }
  }

  func testTablesOfOneFileDoNotServeTheNext() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let whole = try SampleFile.make(40, 40)
    // Without its quantisation tables.
    var bare = whole
    while let start = bare.indices.first(where: { bare[$0...].starts(with: [0xFF, 0xDB]) }) {
      bare.removeSubrange(start..<start + 2 + Int(bare[start + 2]) << 8 + Int(bare[start + 3]))
    }
    let decoder = JPEGDecoder()
    // More often than the library's own memory is given up.
    for _ in 0..<200 {
      let photo = try JPEGImage(whole, by: decoder)
      try photo.decode(into: pool.allocate(photo.descriptor))
      XCTAssertThrowsError(
        try JPEGImage(bare, by: decoder).decode(into: pool.allocate(photo.descriptor))
      ) {
        XCTAssertEqual(
          "\($0)", "bytes: damaged at row 0: Quantization table 0x00 was not defined")
      }
    }
  }

  func testDecodingManyFilesTakesNoMoreMemoryThanOne() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let file = try SampleFile.make(64, 64)
    let photo = try JPEGImage(file)
    let buffer = try pool.allocate(photo.descriptor)
    func decode(_ times: Int) throws { for _ in 0..<times { try photo.decode(into: buffer) } }
    try decode(200)
    let before = mallinfo2().uordblks
    try decode(2000)
    XCTAssertLessThan(Int(mallinfo2().uordblks) - Int(before), 64 << 10)
  }

  func testUnreadableFileSaysWhy() throws {
    let bytes = try SampleFile.make(20, 10)
    try TemporaryFolder.with { folder in
      let url = folder.appending(path: "photo.jpg")
      try Data(bytes).write(to: url)
      // Open for writing only.
      let file = try FileDescriptor.open(FilePath(url.path), .writeOnly)
      XCTAssertThrowsError(
        try JPEGImage(ImageSource(OwnedDescriptor(owning: file), named: "photo"))
      ) { XCTAssertEqual("\($0)", "photo: Bad file descriptor") }
    }
  }
}
