import Foundation
import Synchronization
import TestSupport
import TexAlloc
import TexAllocAssets
import TexAllocEGL
import TexAllocJPEG
import XCTest

@testable import TexAllocV4L2

/// Stills by a driver that decodes, in the loader.
final class StillDecoderTests: XCTestCase {
  override func tearDown() async throws { try Vicodec.unload() }

  func testTheLoaderShowsStillsThatADriverDecodes() throws {
    let codec = try Vicodec()
    let stills = try VideoStillDecoder(
      by: VideoDecoder(at: codec.decoder, from: PresentHeap.shared), .fwht)
    let gpu = try EGLDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let assets = try Assets(
      gpu: gpu, pool: pool, decoders: [JPEGDecoder.component, stills])
    let size = ImageSize(width: 700, height: 500)
    let file = try codec.encode(.xrgb8888, size, count: 1)[0]
    let result = Mutex<Result<LoadedTexture<Texture>, AssetError>?>(nil)
    assets.submit(AssetRequest(ImageSource(file, named: "still"))) { end in
      result.withLock { $0 = end }
    }
    let deadline = ContinuousClock.now + .seconds(60)
    while result.withLock({ $0 == nil }), ContinuousClock.now < deadline {
      try assets.poll(budget: .seconds(1))
      usleep(2000)
    }
    let loaded = try XCTUnwrap(result.withLock { $0 }, "nothing was loaded").get()
    XCTAssertEqual(loaded.header.size, size)
    let pixels = try loaded.texture.shownPixels()
    for (x, y) in [(3, 5), (500, 90), (699, 499)] {
      for channel in 0..<3 {
        let expected = Vicodec.sample(0, channel, x, y, 0)
        let shown = pixels[(y * size.width + x) * 4 + 2 - channel]
        XCTAssertLessThan(abs(Int(shown) - Int(expected)), 8, "\(x), \(y): \(channel)")
      }
    }
    assets.close()
    try gpu.close()
  }

  func testPlanesOfAStillAreThoseThatTheDriverDecodes() throws {
    let codec = try Vicodec()
    let stills = try VideoStillDecoder(
      by: VideoDecoder(at: codec.decoder, from: PresentHeap.shared), .fwht)
    let file = try codec.encode(.nv12, ImageSize(width: 700, height: 500), count: 1)
    let picture = try stills.open(ImageSource(file[0]), DecodingOptions())
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let buffer = try pool.allocate(picture.header.descriptor(as: [.nv12]), for: .cpuRead)
    let report = try picture.decode(into: buffer, on: CallingThread()) { _ in true }
    XCTAssertEqual(report, DecodingReport(goodRows: 0..<500))
    let reference = try codec.decodeIntoItsOwn(file, .nv12)[0]
    for (plane, start) in [(0, 0), (1, 704 * 512)] {
      let pixels = try buffer.pixels(ofPlane: plane)
      for row in 0..<buffer.layout.rowCount(ofPlane: plane) {
        let place = start + row * 704
        let isSame = pixels[row * 700..<(row + 1) * 700] == reference[place..<place + 700]
        if !isSame { return XCTFail("plane \(plane), row \(row)") }
      }
    }
    let other = try pool.allocate(picture.header.descriptor)
    XCTAssertThrowsError(try picture.decode(into: other, on: CallingThread()) { _ in false }) {
      XCTAssertEqual(($0 as? ImageDecodingError)?.reason, .cancelled)
    }
    XCTAssertNotNil(other.discardReason)
  }

  /// Where no heap's memory will do, the driver's own serves, in the format that is wanted.
  func testAStillFromTheDriversOwnMemoryHasTheFormatThatIsWanted() throws {
    let codec = try Vicodec()
    let stills = try VideoStillDecoder(by: VideoDecoder(at: codec.decoder, from: []), .fwht)
    let size = ImageSize(width: 640, height: 360)
    let file = try codec.encode(.xrgb8888, size, count: 1)
    let picture = try stills.open(ImageSource(file[0]), DecodingOptions())
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let buffer = try pool.allocate(picture.header.descriptor(as: [.xbgr8888]), for: .cpuRead)
    _ = try picture.decode(into: buffer, on: CallingThread()) { _ in true }
    let pixels = try buffer.pixels()
    for (x, y) in [(3, 5), (500, 90), (639, 359)] {
      for channel in 0..<3 {
        let expected = Vicodec.sample(0, channel, x, y, 0)
        let shown = pixels[(y * size.width + x) * 4 + 2 - channel]
        XCTAssertLessThan(abs(Int(shown) - Int(expected)), 8, "\(x), \(y): \(channel)")
      }
    }
  }

  func testAHeaderWithoutItsPictureIsTypedAndNotThatOfTheNext() throws {
    let codec = try Vicodec()
    let stills = try VideoStillDecoder(
      by: VideoDecoder(at: codec.decoder, from: PresentHeap.shared), .fwht)
    let large = try codec.encode(.nv12, ImageSize(width: 1024, height: 600), count: 1)[0]
    let small = try codec.encode(.nv12, ImageSize(width: 640, height: 360), count: 1)[0]
    // What follows a header tells how long it is; nothing of this is a picture.
    let file =
      large.prefix(200) + [UInt8](repeating: 0xA5, count: large.count - 200) + small
    let picture = try stills.open(ImageSource(Array(file)), DecodingOptions())
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let buffer = try pool.allocate(picture.header.descriptor, for: .cpuRead)
    do {
      _ = try picture.decode(into: buffer, on: CallingThread()) { _ in true }
      // A driver may take noise for a picture of that size.
      XCTAssertEqual(buffer.layout.imageSize, ImageSize(width: 1024, height: 600))
    } catch {
      XCTAssertNotNil(buffer.discardReason, "\(error)")
    }
  }

  func testStillsThatAreNoneAndWhatIsNotOfferedAreTyped() throws {
    let codec = try Vicodec()
    let decoder = try VideoDecoder(at: codec.decoder, from: PresentHeap.shared)
    XCTAssertThrowsError(try VideoStillDecoder(by: decoder, .jpeg)) {
      XCTAssertEqual(
        $0 as? VideoError, .coded(device: decoder.node.string, wanted: .jpeg, held: [.fwht]))
    }
    let stills = try VideoStillDecoder(by: decoder, .fwht, limit: 1 << 20)
    func reason(_ bytes: [UInt8], _ options: DecodingOptions = .init()) -> String {
      do {
        _ = try stills.open(ImageSource(bytes), options)
        return "none"
      } catch {
        return "\(error)"
      }
    }
    let signature = [UInt8](repeating: 0x4F, count: 4) + [UInt8](repeating: 0xFF, count: 4)
    let noise = signature + (0..<400).map { UInt8(truncatingIfNeeded: $0 * 37) }
    XCTAssertTrue(reason(noise).contains("no picture"), reason(noise))
    XCTAssertTrue(reason([]).contains("empty"))
    XCTAssertTrue(reason([1, 2, 3]).contains("FWHT"))
    XCTAssertTrue(reason([UInt8](repeating: 0, count: (1 << 20) + 1)).contains("limit"))
    var region = DecodingOptions()
    region.region = ImageRegion(x: 0, y: 0, width: 8, height: 8)
    XCTAssertTrue(reason(noise, region).contains("region"))
  }
}
