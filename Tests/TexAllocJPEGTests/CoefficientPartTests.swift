import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

/// Coefficients that several threads read, or that are read for a region only.
final class CoefficientPartTests: XCTestCase {
  private static let mutations = 100

  private static let restarts = [
    "-restart 1", "-restart 3B -sample 2x1", "-restart 1B -sample 2x2", "-restart 5B -optimize",
    "-grayscale -restart 7B", "-restart 131B -sample 2x2", "-sample 2x2,1x2,2x1 -restart 2",
  ]

  func testSeveralThreadsReadWhatOneReads() throws {
    let memory = try CoefficientMemory.read()
    let workers = try WorkerThreads(3)
    for coding in Self.restarts {
      let file = try SampleFile.make(901, 433, coding + " -quality 90")
      let photo = try JPEGImage(file)
      let one = try photo.coefficients(in: memory)
      XCTAssertEqual(one.parts.count, 1)
      let several = try photo.coefficients(in: memory, on: workers)
      XCTAssertEqual(several.parts.count, 4, coding)
      XCTAssertTrue(try several.blocks() == one.blocks(), coding)
      XCTAssertTrue(try several.words() == one.words(), coding)
      XCTAssertEqual(several.warnings, one.warnings)
      let sizes = several.parts.map(\.entryCount)
      XCTAssertLessThan(sizes.max() ?? 0, 2 * (sizes.min() ?? 0), "\(coding): \(sizes)")
    }
  }

  func testOnlyWhatHasMarkersIsReadByThreads() throws {
    let workers = try WorkerThreads(3)
    for coding in ["", "-progressive -restart 1"] {
      let photo = try JPEGImage(SampleFile.make(901, 433, coding))
      let stream = try photo.coefficients(in: .read(), on: workers)
      XCTAssertEqual(stream.parts.count, 1, coding)
    }
  }

  func testDamagedFilesAreForThreadsWhatTheyAreForOne() throws {
    let memory = try CoefficientMemory.read()
    let workers = try WorkerThreads(2)
    var random = SplitMix64(seed: 11)
    var (accepted, refused) = (0, 0)
    for coding in Self.restarts.prefix(4) {
      let file = try SampleFile.make(640, 300, coding + " -quality 95")
      let scan = try file.place(of: 0xDA)
      for _ in 0..<60 {
        var damaged = file
        let place = Int.random(in: scan..<file.count, using: &random)
        switch random.next() % 4 {
        case 0: damaged.removeSubrange(place..<min(place + 3, file.count))
        case 1: damaged.insert(0xFF, at: place)
        case 2: damaged.removeLast(file.count - place)
        default: damaged[place] ^= 1 << UInt8(random.next() % 8)
        }
        guard let photo = try? JPEGImage(damaged) else { continue }
        let one = try? photo.coefficients(in: memory)
        let several = try? photo.coefficients(in: memory, on: workers)
        XCTAssertEqual(one == nil, several == nil, "\(coding), \(place)")
        if let one, let several {
          XCTAssertTrue(try one.words() == several.words(), "\(coding), \(place)")
          accepted += 1
        } else {
          refused += 1
        }
      }
    }
    XCTAssertGreaterThan(min(accepted, refused), 5, "\(accepted), \(refused)")
  }

  func testMemoryReturnsWhereReadingFails() throws {
    let pool = try TexturePool(for: [])
    let workers = try WorkerThreads(2)
    var file = try SampleFile.make(640, 480, "-restart 1 -quality 95")
    file.removeLast(file.count / 3)
    let photo = try JPEGImage(file)
    XCTAssertThrowsError(try photo.coefficients(in: CoefficientMemory(of: pool), on: workers))
    XCTAssertThrowsError(try photo.coefficients(in: CoefficientMemory(of: pool)))
    pool.collect()
    XCTAssertEqual(pool.statistics.slots, 0)
  }

  func testCancellingEndsAllThreads() throws {
    let photo = try JPEGImage(try SampleFile.make(1600, 1200, "-restart 1 -quality 95"))
    XCTAssertThrowsError(
      try photo.coefficients(in: .read(), on: WorkerThreads(2)) { _ in false }
    ) { XCTAssertEqual($0 as? CoefficientsRefused, .failed(.init("bytes", .cancelled))) }
  }

  // MARK: Of a region

  func testReadingStopsBehindTheRegion() throws {
    let memory = try CoefficientMemory.read()
    for coding in ["", "-restart 1", "-restart 5B", "-grayscale", "-sample 2x2 -progressive"] {
      let file = try SampleFile.make(203, 155, coding)
      let all = try JPEGImage(file).coefficients(in: memory).blocks()
      var options = DecodingOptions()
      for (y, height) in [(0, 1), (0, 8), (17, 20), (60, 3), (100, 55), (154, 1)] {
        options.region = ImageRegion(x: 20, y: y, width: 70, height: height)
        let photo = try JPEGImage(file, options)
        let stream = try photo.coefficients(in: memory)
        let rows = stream.format.unitRows(of: stream.region, in: stream.storedSize)
        let perRow = stream.format.units(of: stream.storedSize).across * stream.format.blocksPerUnit
        XCTAssertEqual(stream.parts.last?.blocks.upperBound, rows.upperBound * perRow)
        guard stream.parts[0].blocks.lowerBound == 0 else {
          XCTAssertEqual(stream.parts[0].blocks.lowerBound, rows.lowerBound * perRow)
          continue
        }
        let blocks = try stream.blocks()
        XCTAssertTrue(blocks.elementsEqual(all.prefix(blocks.count)), "\(coding), \(y)")
      }
    }
  }

  /// What is damaged below the region is nobody's concern; what the decoder to pixels warns of, or refuses,
  /// is not had as coefficients.
  func testDamageIsForARegionWhatItIsForPixels() throws {
    let memory = try CoefficientMemory.read()
    let pool = try TexturePool(for: [JPEGDecoder.component])
    var (accepted, refused) = (0, 0)
    for coding in ["-sample 2x2", "-sample 1x1", "-grayscale", "-restart 1 -sample 2x2"] {
      let file = try SampleFile.make(90, 150, coding)
      let scan = try file.place(of: 0xDA)
      for size in stride(from: scan + 20, to: file.count, by: 41) {
        for y in [0, 16, 40, 90, 128, 140] {
          var options = DecodingOptions()
          options.region = ImageRegion(x: 3, y: y, width: 60, height: 9)
          let photo = try JPEGImage(Array(file.prefix(size)), options)
          guard let stream = try? photo.coefficients(in: memory) else {
            refused += 1
            continue
          }
          accepted += 1
          let buffer = try pool.allocate(photo.descriptor, for: .cpuRead)
          let report = try photo.decode(into: buffer)
          XCTAssertEqual(report.goodRows, 0..<9, "\(coding), \(size), \(y)")
          XCTAssertEqual(report.warnings, stream.warnings, "\(coding), \(size), \(y)")
        }
      }
    }
    XCTAssertGreaterThan(min(accepted, refused), 50, "\(accepted), \(refused)")
  }

  func testMutatedFilesAreForARegionWhatTheyAreForPixels() throws {
    let memory = try CoefficientMemory.read()
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let workers = try WorkerThreads(2)
    var random = SplitMix64(seed: 23)
    var (accepted, refused) = (0, 0)
    for coding in [
      "-sample 2x2", "-sample 2x1", "-sample 1x2 -optimize", "-grayscale", "-restart 1",
    ] {
      let file = try SampleFile.make(120, 140, coding)
      let scan = try file.place(of: 0xDA)
      for _ in 0..<Self.mutations {
        var mutated = file
        let place = Int.random(in: scan + 14..<file.count, using: &random)
        switch random.next() % 3 {
        case 0: mutated.removeSubrange(place..<min(place + 2, file.count))
        case 1: mutated.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
        default: mutated[place] = UInt8(truncatingIfNeeded: random.next())
        }
        let y = Int.random(in: 0..<139, using: &random)
        let height = Int.random(in: 1...min(30, 140 - y), using: &random)
        var options = DecodingOptions()
        options.region = ImageRegion(x: 30, y: y, width: 50, height: height)
        guard let photo = try? JPEGImage(mutated, options) else { continue }
        guard let stream = try? photo.coefficients(in: memory, on: workers) else {
          refused += 1
          continue
        }
        accepted += 1
        let buffer = try pool.allocate(photo.descriptor, for: .cpuRead)
        let what = "\(coding), \(place), \(y) + \(height)"
        let report = try? photo.decode(into: buffer)
        XCTAssertEqual(report?.goodRows, 0..<height, what)
        XCTAssertEqual(report?.warnings, stream.warnings, what)
      }
    }
    XCTAssertGreaterThan(min(accepted, refused), 50, "\(accepted), \(refused)")
  }
}
