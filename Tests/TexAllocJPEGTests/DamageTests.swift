import TestSupport
import CTurboJPEG
import TexAlloc
import TexAllocJPEG
import XCTest

final class DamageTests: XCTestCase {
  private static let codings = [
    "", "-sample 1x1", "-grayscale", "-progressive", "-restart 1", "-arithmetic",
    "-arithmetic -progressive", "-rgb -optimize",
  ]

  func testTruncatedFileIsAnErrorAndLeavesZeros() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for coding in Self.codings {
      let file = try SampleFile.make(90, 70, coding)
      let whole = try JPEGImage(file)
      let buffer = try pool.allocate(whole.descriptor)
      for cut in (0..<64).map({ $0 * file.count / 64 }) + [file.count - 2, file.count - 1] {
        buffer.fill(with: 0xA5)
        do {
          let photo = try JPEGImage(Array(file[..<cut]))
          try photo.decode(into: buffer)
          XCTFail("\(cut) of \(file.count) bytes, \(coding)")
        } catch {
          let bytes = try buffer.allBytes()
          let decoded = cut > 0 && bytes.first == 0
          XCTAssertTrue(bytes.allSatisfy { $0 == (decoded ? 0 : 0xA5) }, "\(error)")
        }
      }
    }
  }

  func testTruncationIsToldFromDamage() throws {
    let file = try SampleFile.make(90, 70)
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let photo = try JPEGImage(Array(file[..<(file.count / 2)]), named: "half")
    let buffer = try pool.allocate(photo.descriptor)
    XCTAssertThrowsError(try photo.decode(into: buffer)) {
      XCTAssertEqual("\($0)", "half: the file ends before its image does")
    }
  }

  func testMutatedFilesAreErrorsOrWhatTheLibraryMakesOfThem() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    var limits = JPEGLimits()
    limits.pixels = 1 << 18
    limits.coefficients = 1 << 22
    var (accepted, refused) = (0, 0)
    for (seed, coding) in Self.codings.enumerated() {
      let file = try SampleFile.make(90, 70, coding)
      var random = SplitMix64(seed: UInt64(seed))
      for _ in 0..<250 {
        var mutated = file
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          mutated[Int.random(in: 0..<file.count, using: &random)] = .random(
            in: 0...255, using: &random)
        }
        switch Result(catching: { () throws(JPEGError) in
          try decode(JPEGImage(mutated, limits: limits), in: pool)
        }) {
        case .success(let pixels):
          accepted += 1
          if let expected = Reference.decode(mutated, as: .abgr8888) {
            XCTAssertTrue(pixels == expected, coding)
          }
        case .failure(let error):
          refused += 1
          if case .tooMuch = error.reason { break }
          XCTAssertNil(Reference.decode(mutated, as: .abgr8888), "\(error)")
        }
      }
    }
    XCTAssertGreaterThan(accepted, 100)
    XCTAssertGreaterThan(refused, 100)
  }

  func testFailedDecodesLeaveNoMemoryBehind() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for coding in ["", "-progressive", "-arithmetic"] {
      let file = try SampleFile.make(200, 200, coding)
      let buffer = try pool.allocate(JPEGImage(file).descriptor)
      func failOften(_ times: Int) {
        for index in 0..<times {
          let cut = file.count * (index % 64) / 64
          try? JPEGImage(Array(file[..<cut])).decode(into: buffer)
        }
      }
      failOften(64)
      let before = mallinfo2().uordblks
      failOften(640)
      XCTAssertLessThan(Int(mallinfo2().uordblks) - Int(before), 64 << 10)
    }
  }

  func testHarmlessOdditiesAreNoErrors() throws {
    let file = try SampleFile.make(90, 70)
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let expected = try decode(JPEGImage(file), in: pool)
    // JFIF's major version is the sixth byte of its segment.
    XCTAssertEqual(Array(file[6..<11]), Array("JFIF\0".utf8))
    var later = file
    later[11] = 9
    // Behind the two bytes of the start marker, and before those of the end marker.
    let padded = file[..<2] + [0x00, 0x01] + file[2..<(file.count - 2)] + [0x00] + file.suffix(2)
    let trailed = file + Array("more".utf8)
    for odd in [later, Array(padded), trailed] {
      XCTAssertTrue(try decode(JPEGImage(odd), in: pool) == expected)
    }
  }

  func testDataLeftOverBeforeARestartIsDamage() throws {
    let file = try SampleFile.make(90, 70, "-restart 1")
    let restart = try XCTUnwrap(file.indices.first { file[$0...].starts(with: [0xFF, 0xD0]) })
    let padded = file[..<restart] + [UInt8](repeating: 1, count: 16) + file[restart...]
    let pool = try TexturePool(for: [JPEGDecoder.component])
    XCTAssertThrowsError(try decode(JPEGImage(Array(padded)), in: pool)) {
      guard case .damaged? = ($0 as? JPEGError)?.reason else { return XCTFail("\($0)") }
    }
  }

  private func decode(_ photo: JPEGImage, in pool: TexturePool) throws(JPEGError) -> [UInt8] {
    guard let buffer = try? pool.allocate(photo.descriptor) else {
      XCTFail("no memory for \(photo.width)x\(photo.height)")
      return []
    }
    try photo.decode(into: buffer)
    return (try? buffer.pixels()) ?? []
  }
}
