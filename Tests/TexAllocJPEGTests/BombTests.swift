import Foundation
import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

/// A file that claims as many pixels as the library takes, and has none.
final class BombTests: XCTestCase {
  private static let turns = 15

  func testAFileThatClaimsManyPixelsCostsHardlyMoreThanASmallHonestOne() throws {
    let honest = try SampleFile.make(512, 512)
    var bomb = try SampleFile.make(16, 16)
    let frame = try XCTUnwrap(bomb.indices.first { bomb[$0...].starts(with: [0xFF, 0xC0]) })
    bomb.replaceSubrange(frame + 5..<frame + 9, with: [0x40, 0, 0x40, 0])
    let pool = try TexturePool(for: [JPEGDecoder.component])

    // Slabs that stay with the pool are made in the first turn.
    let before = try residentKiB()
    XCTAssertFalse(try decodes(bomb, from: pool))
    XCTAssertTrue(try decodes(honest, from: pool))
    let grown = try residentKiB() - before
    var ratios: [Double] = []
    var fastest = Duration.seconds(1_000)
    for _ in 0..<Self.turns {
      let bombed = try time { XCTAssertFalse(try decodes(bomb, from: pool)) }
      let decoded = try time { XCTAssertTrue(try decodes(honest, from: pool)) }
      ratios.append(bombed / decoded)
      fastest = min(fastest, bombed)
    }
    let ratio = ratios.sorted()[Self.turns / 2]
    print(
      "a bomb of \(bomb.count) bytes that claims 16384x16384: \(fastest), \(ratio) times the decode of"
        + " 512x512 pixels, \(grown) KiB of memory")
    XCTAssertLessThan(ratio, 25)
    // Of 1 GiB that was claimed.
    XCTAssertLessThan(grown, 32 << 10)
  }

  /// From the file to the buffer, and to the pool again.
  private func decodes(_ file: [UInt8], from pool: TexturePool) throws -> Bool {
    let photo = try JPEGImage(file)
    let buffer = try pool.allocate(photo.descriptor, for: [.texture, .zeroed])
    return (try? photo.decode(into: buffer)) != nil
  }

  private func time(_ body: () throws -> Void) rethrows -> Duration {
    try ContinuousClock().measure(body)
  }

  private func residentKiB() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try XCTUnwrap(text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
    return try XCTUnwrap(Int(line.filter(\.isNumber)))
  }
}
