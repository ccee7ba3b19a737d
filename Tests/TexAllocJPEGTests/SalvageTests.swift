import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

final class SalvageTests: XCTestCase {
  private static let codings = [
    "", "-sample 1x1", "-sample 2x1", "-sample 1x2", "-sample 4x1", "-grayscale", "-restart 1",
    "-restart 3B", "-arithmetic", "-rgb -optimize",
  ]
  private let (width, height) = (90, 170)
  private let fill: SIMD4<UInt8> = [10, 20, 30, 255]

  func testGoodRowsOfAFileThatIsCutAreThoseOfTheWholeAndTheRestIsFilled() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for coding in Self.codings {
      let file = try SampleFile.make(width, height, coding)
      let blockHeight =
        coding == "" || coding.hasPrefix("-sample 1x2")
          || ["-restart 1", "-restart 3B", "-arithmetic"].contains(coding) ? 16 : 8
      var counts: Set<Int> = []
      for fourcc in JPEGDecoder.formats {
        let whole = try decode(file, as: fourcc, in: pool).pixels
        for cut in (1..<12).map({ $0 * file.count / 12 }) + [file.count - 2] {
          guard let part = try? decode(Array(file[..<cut]), as: fourcc, in: pool, salvage: fill)
          else { continue }
          let rows = part.report.goodRows.count
          counts.insert(rows)
          let bytes = whole.count / height * rows
          XCTAssertTrue(part.pixels[..<bytes] == whole[..<bytes], "\(coding), \(fourcc), \(cut)")
          try assertFilled(part.pixels[bytes...], as: fourcc)
          XCTAssertTrue(
            rows == height || rows % blockHeight == 0
              || (rows + 1) % blockHeight == 0, "\(coding): \(rows)")
          XCTAssertFalse(part.report.warnings.contains("Premature end of JPEG file"), "twice")
          XCTAssertTrue(
            part.report.warnings[0].hasPrefix("the file ends before its image does, "),
            "\(part.report.warnings)")
        }
      }
      // What lacks its end marker only lacks no row; the arithmetic decoder cannot tell.
      if coding != "-arithmetic" { XCTAssertEqual(counts.max(), height, coding) }
      XCTAssertGreaterThan(counts.count, 3, coding)
    }
  }

  /// Of 4:2:0, the last row above a row of blocks that is lost takes a quarter of its colour from it.
  func testRowsThatLookAtLostOnesAreNotGood() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for (coding, expected) in [
      ("-sample 2x2 -restart 1", 15), ("-sample 1x2 -restart 1", 15),
      ("-sample 2x1 -restart 1", 8), ("-sample 1x1 -restart 1", 8),
      ("-sample 1x4 -restart 1", 32),
    ] {
      let file = try SampleFile.make(width, height, coding)
      // The second row of blocks is lost, which shows where the third should begin.
      let lost = try XCTUnwrap(file.indices.first { file[$0...].starts(with: [0xFF, 0xD0]) })
      let next = try XCTUnwrap(file.indices.first { file[$0...].starts(with: [0xFF, 0xD1]) })
      let part = try decode(file[..<lost] + file[next...], as: .abgr8888, in: pool, salvage: fill)
      XCTAssertEqual(part.report.goodRows, 0..<expected, coding)
      let whole = try decode(file, as: .abgr8888, in: pool).pixels
      XCTAssertTrue(part.pixels[..<(expected * width * 4)] == whole[..<(expected * width * 4)])
      try assertFilled(part.pixels[(expected * width * 4)...], as: .abgr8888)
    }
  }

  /// What is left over at its end shows at the marker that the next row begins with.
  func testRowOfARestartIntervalThatIsDamagedIsNotGood() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    // Six units are a row of blocks.
    for (restart, marker, rows) in [(1, 1, 32), (3, 3, 32)] {
      let unit = restart == 3 ? "B" : ""
      let file = try SampleFile.make(width, height, "-sample 2x2 -restart \(restart)\(unit)")
      let whole = try decode(file, as: .abgr8888, in: pool).pixels
      let name: [UInt8] = [0xFF, 0xD0 + UInt8(marker)]
      let start = try XCTUnwrap(file.indices.first { file[$0...].starts(with: name) }) + 2
      var shown = 0
      for lost in 1..<200 {
        let damaged = file[..<start] + file[(start + lost)...]
        let part = try decode(damaged, as: .abgr8888, in: pool, salvage: fill)
        // What comes to as many blocks nobody can tell from sound data.
        if part.report.warnings.isEmpty { continue }
        shown += 1
        XCTAssertTrue(rows - 32..<rows ~= part.report.goodRows.count, "\(part.report)")
        let good = part.report.goodRows.count * width * 4
        XCTAssertTrue(part.pixels[..<good] == whole[..<good], "\(part.report)")
      }
      XCTAssertGreaterThan(shown, 10)
    }
  }

  func testDamagedProgressiveFileIsAsItsLastWholeScanLeftIt() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for coding in ["-progressive", "-progressive -restart 1", "-arithmetic -progressive"] {
      let file = try SampleFile.make(width, height, coding)
      let scans = file.indices.filter { file[$0...].starts(with: [0xFF, 0xDA]) }
      for (number, scan) in scans.enumerated().dropFirst() {
        let end = number + 1 < scans.count ? scans[number + 1] : file.count
        let expected = Reference.decode(Array(file[..<scan] + [0xFF, 0xD9]), as: .abgr8888)
        // Cut in its middle, and damaged there.
        let middle = scan + 10 + (end - scan - 10) / 2
        let part = try decode(Array(file[..<middle]), as: .abgr8888, in: pool, salvage: fill)
        XCTAssertTrue(part.pixels == expected, "\(coding), scan \(number + 1)")
        XCTAssertEqual(part.report.goodRows, 0..<height)
        XCTAssertEqual(
          part.report.warnings.first,
          "the file ends before its image does, in scan \(number + 1)")
        var damaged = file
        damaged.replaceSubrange(middle..<middle + 2, with: [0xFF, 0xD9])
        if let table = file[scans[number - 1]..<scan].lastRange(of: [0xFF, 0xC4]) {
          var between = file
          between[table.lowerBound + 4] = 0xFF
          XCTAssertThrowsError(try decode(between, as: .abgr8888, in: pool)) {
            guard case .damaged(_, .scan(number + 1))? = ($0 as? ImageDecodingError)?.reason else {
              return XCTFail("\($0)")
            }
          }
        }
        // The arithmetic decoder sees nothing wrong there.
        if coding.contains("-arithmetic") { continue }
        let other = try decode(damaged, as: .abgr8888, in: pool, salvage: fill)
        XCTAssertTrue(other.pixels == expected, "\(coding), scan \(number + 1)")
      }
    }
  }

  func testProgressiveFileWithoutItsEndMarkerLacksNothing() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let file = try SampleFile.make(width, height, "-progressive")
    let part = try decode(file.dropLast(2), as: .abgr8888, in: pool, salvage: fill)
    XCTAssertTrue(part.pixels == Reference.decode(file, as: .abgr8888))
    XCTAssertEqual(part.report.warnings, ["the file ends before its image does, in scan 10"])
  }

  func testFileWithAScanPerColourIsGoodWhereAllColoursAre() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    try TemporaryFolder.with { folder in
      let script = folder.appending(path: "scans")
      try "0; 1; 2;".write(to: script, atomically: true, encoding: .utf8)
      let file = try SampleFile.make(width, height, "-optimize -scans \(script.path)")
      let scans = file.indices.filter { file[$0...].starts(with: [0xFF, 0xDA]) }
      XCTAssertEqual(scans.count, 3)
      let whole = try XCTUnwrap(Reference.decode(file, as: .abgr8888))
      let last = (scans[2] + file.count) / 2
      let part = try decode(file.prefix(last), as: .abgr8888, in: pool, salvage: fill)
      let rows = part.report.goodRows.count
      XCTAssertTrue(1..<height ~= rows)
      XCTAssertTrue(part.pixels.prefix(rows * width * 4) == whole.prefix(rows * width * 4))
      try assertFilled(part.pixels[(rows * width * 4)...], as: .abgr8888)
      // A table that is none, between the scans: what is left of the file is not read.
      let table = try XCTUnwrap(
        file.indices[scans[1]...].first { file[$0...].starts(with: [0xFF, 0xC4]) })
      var broken = file
      broken[table + 4] = 0xFF
      XCTAssertThrowsError(try decode(broken, as: .abgr8888, in: pool, salvage: fill)) {
        guard case .damaged(_, .scan(3))? = ($0 as? ImageDecodingError)?.reason else {
          return XCTFail("\($0)")
        }
      }
    }
  }

  /// The library takes over the numbers of a second frame header before it finds that it is one.
  func testSecondFrameHeaderNeverMakesThePictureLarger() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    try TemporaryFolder.with { folder in
      let script = folder.appending(path: "scans")
      try "0; 1; 2;".write(to: script, atomically: true, encoding: .utf8)
      for coding in ["-progressive", "-scans \(script.path)"] {
        let file = try SampleFile.make(width, height, coding)
        let whole = try XCTUnwrap(Reference.decode(file, as: .abgr8888))
        let scans = file.indices.filter { file[$0...].starts(with: [0xFF, 0xDA]) }
        for colours in [1, 2, 10] as [UInt8] {
          let size = 8 + 3 * colours
          let frame =
            [0xFF, 0xC0, 0, size, 8, 0xFF, 0xF0, 0xFF, 0xF0, colours]
            + [UInt8](repeating: 0x11, count: 3 * Int(colours))
          for place in [scans[1], scans[2], file.count - 2] {
            let double = file[..<place] + frame + file[place...]
            guard let part = try? decode(double, as: .abgr8888, in: pool, salvage: fill) else {
              continue
            }
            XCTAssertLessThanOrEqual(part.report.goodRows.upperBound, height)
            if place == file.count - 2 { XCTAssertTrue(part.pixels == whole, coding) }
          }
        }
      }
    }
  }

  func testDamageOfTheFirstRowThatShowsInTheSecondLeavesNoPicture() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let file = try SampleFile.make(width, height, "-restart 1")
    let end = try XCTUnwrap(file.indices.first { file[$0...].starts(with: [0xFF, 0xD0]) })
    let damaged = file[..<end] + [1, 2, 3] + file[end...]
    for fourcc in JPEGDecoder.formats {
      XCTAssertThrowsError(try decode(damaged, as: fourcc, in: pool, salvage: fill)) {
        guard case .damaged(_, .row(0))? = ($0 as? ImageDecodingError)?.reason else {
          return XCTFail("\($0)")
        }
      }
    }
  }

  func testWhereNothingIsGoodThereIsNoPicture() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for coding in ["", "-progressive"] {
      let file = try SampleFile.make(width, height, coding)
      let scan = try XCTUnwrap(file.indices.first { file[$0...].starts(with: [0xFF, 0xDA]) })
      XCTAssertThrowsError(
        try decode(file.prefix(scan + 40), as: .abgr8888, in: pool, salvage: fill)
      ) {
        guard case .truncated? = ($0 as? ImageDecodingError)?.reason else {
          return XCTFail("\($0)")
        }
      }
    }
  }

  func testSoundFileIsSalvagedAsItIs() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for coding in Self.codings + ["-progressive"] {
      let file = try SampleFile.make(width, height, coding)
      let part = try decode(file, as: .abgr8888, in: pool, salvage: fill)
      XCTAssertEqual(part.report, DecodingReport(goodRows: 0..<height))
      XCTAssertTrue(part.pixels == Reference.decode(file, as: .abgr8888))
    }
  }

  /// What was in the slot before must show nowhere.
  func testMutatedFilesShowNothingOfTheSlotBefore() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    var salvaged = 0
    for (seed, coding) in (Self.codings + ["-progressive"]).enumerated() {
      let file = try SampleFile.make(width, height, coding)
      var random = SplitMix64(seed: UInt64(seed))
      for round in 0..<60 {
        var mutated = file
        for _ in 0..<3 {
          mutated[.random(in: 200..<file.count, using: &random)] = .random(
            in: 0...255, using: &random)
        }
        let fourcc = JPEGDecoder.formats[round % JPEGDecoder.formats.count]
        let pictures = [0x00, 0xFF].map { byte in
          try? decode(mutated, as: fourcc, in: pool, salvage: fill, over: byte)
        }
        XCTAssertTrue(pictures[0]?.pixels == pictures[1]?.pixels, coding)
        if pictures[0] != nil { salvaged += 1 }
      }
    }
    XCTAssertGreaterThan(salvaged, 200)
  }

  private struct Picture {
    let pixels: [UInt8]
    let report: DecodingReport
  }

  private func decode(
    _ file: some Sequence<UInt8>, as fourcc: Fourcc, in pool: TexturePool,
    salvage fill: SIMD4<UInt8>? = nil, over byte: UInt8 = 0xA5
  ) throws -> Picture {
    var options = DecodingOptions()
    if let fill { options.damage = .salvage(fill: fill) }
    let photo = try JPEGImage(Array(file), options)
    guard photo.descriptor.size == ImageSize(width: width, height: height) else {
      throw ImageDecodingError(photo.name, .cancelled)
    }
    let buffer = try pool.allocate(photo.descriptor(as: [fourcc]))
    buffer.fill(with: byte)
    let report = try photo.decode(into: buffer)
    return Picture(pixels: try buffer.pixels(), report: report)
  }

  private func assertFilled(
    _ pixels: ArraySlice<UInt8>, as fourcc: Fourcc, line: UInt = #line
  ) throws {
    let pixel: [UInt8] =
      switch fourcc {
      case .r8: [18]
      case .rgb565: [0b101_00011, 0b00001_000]
      case .argb8888, .xrgb8888: [30, 20, 10, 255]
      default: [10, 20, 30, 255]
      }
    let isFilled = zip(pixels, pixels.indices).allSatisfy { byte, index in
      byte == pixel[(index - pixels.startIndex) % pixel.count]
    }
    XCTAssertTrue(isFilled, "\(fourcc)", line: line)
  }
}
