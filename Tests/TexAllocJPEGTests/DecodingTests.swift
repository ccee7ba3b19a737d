import Foundation
import SystemPackage
import TexAlloc
import TexAllocJPEG
import XCTest

final class DecodingTests: XCTestCase {
  private let pool = Result { try TexturePool(for: [JPEGDecoder.component]) }

  func testPhotographsAreWhatTheLibraryMakesOfThem() throws {
    let pool = try pool.get()
    for path in try Photographs.paths() {
      let photo = try JPEGImage(contentsOf: path)
      let file = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path.string)))
      for fourcc in JPEGDecoder.formats {
        let buffer = try pool.allocate(photo.descriptor(as: fourcc))
        try photo.decode(into: buffer)
        XCTAssertTrue(
          try buffer.pixels() == Reference.decode(file, as: fourcc), "\(path) as \(fourcc)")
      }
    }
  }
}
