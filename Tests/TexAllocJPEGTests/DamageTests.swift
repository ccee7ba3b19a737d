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

  func testTruncatedFileIsAnErrorThatSaysWhere() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for coding in Self.codings {
      let file = try SampleFile.make(90, 70, coding)
      let whole = try JPEGImage(file)
      let buffer = try pool.allocate(whole.descriptor)
      var places: [ImageDecodingError.Place] = []
      for cut in (0..<64).map({ $0 * file.count / 64 }) + [file.count - 2, file.count - 1] {
        XCTAssertThrowsError(
          try JPEGImage(Array(file[..<cut])).decode(into: buffer),
          "\(cut) of \(file.count) bytes, \(coding)"
        ) {
          guard case .truncated(let place)? = ($0 as? ImageDecodingError)?.reason else {
            return XCTAssertLessThan(cut, 4, "\($0)")
          }
          places.append(place)
        }
      }
      XCTAssertEqual(places.first, .header, coding)
      if whole.hasSeveralScans {
        XCTAssertTrue(places.contains(.scan(1)) && places.contains(.scan(3)), coding)
      } else {
        XCTAssertTrue(places.contains(.row(0)), coding)
        // The arithmetic decoder cannot tell that it had all that it needed.
        XCTAssertEqual(places.last, coding == "-arithmetic" ? .row(63) : .end, coding)
      }
    }
  }

  func testFileThatFailsInItsFirstRowsOrBeforeTouchesNoByte() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for coding in Self.codings {
      let file = try SampleFile.make(90, 70, coding)
      let whole = try JPEGImage(file)
      for fourcc in JPEGDecoder.formats {
        let descriptor = try whole.descriptor(as: [fourcc])
        let start = try XCTUnwrap(file.indices.first { file[$0...].starts(with: [0xFF, 0xDA]) })
        for cut in [start + 14, whole.hasSeveralScans ? file.count - 2 : start + 100] {
          let photo = try JPEGImage(Array(file[..<cut]))
          var buffer = try pool.allocate(descriptor)
          buffer.fill(with: 0xA5)
          XCTAssertThrowsError(try photo.decode(into: buffer))
          let place = buffer.offset
          // It is discarded, so that only the next tenant sees what it holds.
          buffer = try pool.allocate(ImageDescriptor(width: 1, height: 1, formats: [.r8]))
          buffer = try pool.allocate(descriptor)
          XCTAssertEqual(buffer.offset, place)
          XCTAssertTrue(try buffer.allBytes().allSatisfy { $0 == 0xA5 }, "\(coding), \(cut)")
        }
      }
    }
  }

  func testFailedDecodeDiscardsTheBuffer() throws {
    let file = try SampleFile.make(90, 70)
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let photo = try JPEGImage(file.dropLast(file.count / 2), named: "half")
    let buffer = try pool.allocate(photo.descriptor)
    XCTAssertThrowsError(try photo.decode(into: buffer)) {
      XCTAssertEqual(buffer.discardReason, "\($0)")
    }
    let other = try pool.allocate(photo.descriptor)
    let whole = try JPEGImage(file)
    XCTAssertThrowsError(try whole.decode(into: other) { _ in false })
    XCTAssertEqual(other.discardReason, "bytes: cancelled")
  }

  func testDamageIsToldWithItsRow() throws {
    var file = try SampleFile.make(90, 70, "-sample 1x1 -restart 1")
    let third = try XCTUnwrap(file.indices.first { file[$0...].starts(with: [0xFF, 0xD2]) })
    // Two restarts that were lost, as by a transfer that lost a packet.
    let fifth = try XCTUnwrap(file.indices.first { file[$0...].starts(with: [0xFF, 0xD4]) })
    file.removeSubrange(third..<fifth)
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let photo = try JPEGImage(file, named: "file")
    XCTAssertThrowsError(try photo.decode(into: pool.allocate(photo.descriptor))) {
      XCTAssertEqual(
        "\($0)", "file: damaged at row 24: Corrupt JPEG data: found marker 0xd4 instead of RST2")
    }
  }

  func testMutatedFilesAreErrorsOrWhatTheLibraryMakesOfThem() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    var limits = JPEGLimits()
    limits.pixels = 1 << 18
    limits.coefficients = 1 << 22
    let decoder = JPEGDecoder(limits: limits)
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
        switch Result(catching: { () throws(ImageDecodingError) in
          try decode(JPEGImage(mutated, by: decoder), in: pool)
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
          _ = try? JPEGImage(Array(file[..<cut])).decode(into: buffer)
        }
      }
      failOften(64)
      let before = mallinfo2().uordblks
      failOften(640)
      // The library's tables of as many files as one codec reads.
      XCTAssertLessThan(Int(mallinfo2().uordblks) - Int(before), 128 << 10)
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
    let photo = try JPEGImage(later)
    let message = "Warning: unknown JFIF revision number 9.01"
    XCTAssertEqual(photo.warnings, [message])
    for _ in 1...2 {
      XCTAssertEqual(try photo.decode(into: pool.allocate(photo.descriptor)).warnings, [message])
    }
  }

  func testDataLeftOverBeforeARestartIsDamage() throws {
    let file = try SampleFile.make(90, 70, "-restart 1")
    let restart = try XCTUnwrap(file.indices.first { file[$0...].starts(with: [0xFF, 0xD0]) })
    let padded = file[..<restart] + [UInt8](repeating: 1, count: 16) + file[restart...]
    let pool = try TexturePool(for: [JPEGDecoder.component])
    XCTAssertThrowsError(try decode(JPEGImage(Array(padded)), in: pool)) {
      guard case .damaged? = ($0 as? ImageDecodingError)?.reason else { return XCTFail("\($0)") }
    }
  }

  private func decode(_ photo: JPEGImage, in pool: TexturePool) throws(ImageDecodingError)
    -> [UInt8]
  {
    guard let buffer = try? pool.allocate(photo.descriptor) else {
      XCTFail("no memory for \(photo.size)")
      return []
    }
    try photo.decode(into: buffer)
    return (try? buffer.pixels()) ?? []
  }
}
