import CCoefficients
import Foundation
import SystemPackage
import TestSupport
import TexAlloc
import TexAllocJPEG
import XCTest

/// The coefficients that the entropy decoder finds are those of libjpeg, or it finds none.
final class CoefficientTests: XCTestCase {
  private static let codings = [
    "-sample 1x1", "-sample 2x1", "-sample 1x2", "-sample 2x2", "-sample 4x1", "-sample 4x2",
    "-sample 2x2,1x2,2x1", "-sample 2x2 -quality 100", "-sample 2x2 -quality 3",
    "-sample 2x2 -quality 60 -optimize", "-grayscale", "-grayscale -optimize -restart 7B", "-rgb",
    "-restart 1", "-restart 3B -sample 2x1", "-restart 5B", "-restart 1B -sample 2x2",
    "-progressive", "-progressive -sample 1x1", "-progressive -sample 2x2,1x2,2x1",
    "-progressive -grayscale", "-progressive -rgb", "-progressive -restart 1",
    "-progressive -arithmetic", "-progressive -quality 100",
  ]
  private static let sizes = [
    (1, 1), (7, 9), (8, 8), (15, 17), (16, 16), (17, 15), (33, 64), (129, 1), (1, 129), (257, 255),
  ]

  func testEveryCodingAtEverySizeHasTheLibrarysCoefficients() throws {
    let memory = try CoefficientMemory.read()
    for coding in Self.codings {
      for (width, height) in Self.sizes {
        let file = try SampleFile.make(width, height, coding)
        let stream = try JPEGImage(file).coefficients(in: memory)
        XCTAssertTrue(
          try stream.blocks() == LibraryCoefficients.read(file), "\(coding), \(width)x\(height)")
      }
    }
  }

  func testPhotographsHaveTheLibrarysCoefficients() throws {
    let memory = try CoefficientMemory.read()
    var count = 0
    for path in try Photographs.paths() {
      let photo = try JPEGImage(contentsOf: path)
      guard photo.coefficientFormat != nil else { continue }
      let stream = try photo.coefficients(in: memory)
      XCTAssertTrue(try stream.blocks() == LibraryCoefficients.read(bytes(of: path)), "\(path)")
      count += 1
    }
    XCTAssertGreaterThan(count, 5)
  }

  /// Noise of the finest quality has more entries than are expected of its bytes.
  func testStreamGrowsPieceByPiece() throws {
    let memory = try CoefficientMemory.read()
    let file = try SampleFile.make(1200, 900, "-sample 1x1 -quality 45 -optimize")
    let stream = try JPEGImage(file).coefficients(in: memory)
    var (block, entry) = (0, 0)
    for piece in stream.parts[0].entries {
      XCTAssertEqual(piece.blocks.lowerBound, block)
      XCTAssertGreaterThanOrEqual(piece.start, entry)
      (block, entry) = (piece.blocks.upperBound, piece.start)
    }
    XCTAssertTrue(try stream.blocks() == LibraryCoefficients.read(file))
  }

  func testFilesOfOtherCodingsAreNotForIt() throws {
    let memory = try CoefficientMemory.read()
    let photo = try JPEGImage(try SampleFile.make(40, 30, "-arithmetic"))
    XCTAssertNil(photo.coefficientFormat)
    XCTAssertThrowsError(try photo.coefficients(in: memory))
    let ink = try JPEGImage(PrintFile.make(40, 30, .plain))
    XCTAssertNil(ink.coefficientFormat)
  }

  func testAScanForEachColourHasTheLibrarysCoefficients() throws {
    let file = try Self.file(ofScans: ["0", "1", "2"])
    let photo = try JPEGImage(file)
    XCTAssertEqual(photo.coefficientFormat?.scans, .several)
    let stream = try photo.coefficients(in: .read())
    XCTAssertTrue(try stream.blocks() == LibraryCoefficients.read(file))
  }

  /// The library smooths what it makes of them.
  func testFilesThatAreNotRefinedToTheirEndAreNotForIt() throws {
    let whole = ["0,1,2: 0-0, 0, 0", "0: 1-63, 0, 0", "1: 1-63, 0, 0", "2: 1-63, 0, 0"]
    _ = try JPEGImage(Self.file(ofScans: whole)).coefficients(in: .read())
    for scans in [
      Array(whole.dropLast()), ["0,1,2: 0-0, 0, 1"] + whole.dropFirst(),
      Array(whole.dropLast()) + ["2: 1-63, 0, 1"], Array(whole.dropLast()) + ["2: 1-5, 0, 0"],
    ] {
      let photo = try JPEGImage(Self.file(ofScans: scans))
      XCTAssertThrowsError(try photo.coefficients(in: .read()), "\(scans)") {
        XCTAssertEqual(
          $0 as? CoefficientsRefused, .odd("coefficients that are not known to the last bit"))
      }
    }
  }

  func testDamagedProgressiveFilesAreNotForIt() throws {
    let memory = try CoefficientMemory.read()
    let file = try SampleFile.make(90, 70, "-progressive -restart 1")
    for size in stride(from: 700, to: file.count, by: 97) {
      let photo = try JPEGImage(Array(file.prefix(size)))
      XCTAssertThrowsError(try photo.coefficients(in: memory), "\(size)") {
        guard case .odd? = $0 as? CoefficientsRefused else { return XCTFail("\(size): \($0)") }
      }
    }
  }

  private static func file(ofScans scans: [String]) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let path = folder.path("scans")
    try Data(scans.map { $0 + ";\n" }.joined().utf8).write(to: URL(filePath: path))
    return try SampleFile.make(61, 45, "-scans \(path)")
  }

  func testWhateverIsOddAboutTheDataIsNotForIt() throws {
    let memory = try CoefficientMemory.read()
    let file = try SampleFile.make(90, 70, "-restart 1")
    let scan = try file.place(of: 0xDA)
    let restart = try file.place(of: 0xD1)
    var edits: [String: [UInt8]] = [
      "cut short": Array(file.dropLast(40)), "without its end": Array(file.dropLast(2)),
      "with more before its end": file.dropLast(2) + [0, 0xFF, 0xD9],
      "of two ends": file.dropLast(2) + [0xFF, 0xD0, 0xFF, 0xD9],
    ]
    edits["with another marker"] = file
    edits["with another marker"]?[restart + 1] = 0xD3
    edits["without a marker"] = file
    edits["without a marker"]?.removeSubrange(restart..<restart + 2)
    edits["of other coefficients"] = file
    edits["of other coefficients"]?[scan + 12] = 62
    edits["with a byte between markers"] = file
    edits["with a byte between markers"]?.insert(0, at: scan)
    for (what, bytes) in edits {
      let photo = try JPEGImage(bytes)
      XCTAssertThrowsError(try photo.coefficients(in: memory), what) {
        guard case .odd? = $0 as? CoefficientsRefused else { return XCTFail("\(what): \($0)") }
      }
    }
  }

  /// What the fuzzer does for long: whatever is accepted is what libjpeg has, without a warning.
  func testDamagedFilesThatAreAcceptedHaveTheLibrarysCoefficients() throws {
    let memory = try CoefficientMemory.read()
    var random = SplitMix64(seed: 7)
    var accepted = 0
    for coding in ["", "-sample 1x1 -optimize", "-grayscale", "-restart 2B", "-progressive"] {
      let file = try SampleFile.make(50, 40, coding)
      for _ in 0..<300 {
        var damaged = file
        for _ in 0...random.next() % 3 {
          let place = Int(random.next() % UInt64(file.count))
          damaged[place] = UInt8(truncatingIfNeeded: random.next())
        }
        guard let photo = try? JPEGImage(damaged),
          let stream = try? photo.coefficients(in: memory)
        else { continue }
        accepted += 1
        XCTAssertTrue(
          try stream.blocks()
            == LibraryCoefficients.read(damaged, evenIfItWarns: !stream.warnings.isEmpty),
          "\(coding): \(stream.warnings)")
      }
    }
    XCTAssertGreaterThan(accepted, 50)
  }

  func testCancellingEndsTheReading() throws {
    for coding in ["", "-progressive"] {
      let photo = try JPEGImage(try SampleFile.make(700, 700, coding))
      XCTAssertThrowsError(
        try photo.coefficients(in: .read()) { _ in false }
      ) { XCTAssertEqual($0 as? CoefficientsRefused, .failed(.init("bytes", .cancelled))) }
    }
  }

  private func bytes(of path: FilePath) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(filePath: path.string)))
  }
}

extension CoefficientMemory {
  /// That the CPU may read, too.
  static func read() throws -> CoefficientMemory {
    CoefficientMemory(of: try TexturePool(for: []), for: .cpuRead)
  }
}

extension CoefficientStream {
  /// 64 coefficients for each block, one block behind the other.
  func blocks() throws -> [Int16] {
    var blocks: [Int16] = []
    for part in parts {
      XCTAssertEqual(part.blocks.lowerBound, blocks.count / 64)
      let offsets = try part.offsets.words()
      XCTAssertEqual(Int(offsets[part.blocks.count]), part.entryCount)
      for piece in part.entries {
        let words = try piece.memory.words()
        for block in piece.blocks {
          XCTAssertEqual(block, blocks.count / 64)
          let number = block - part.blocks.lowerBound
          var coefficients = [Int16](repeating: 0, count: 64)
          for entry in Int(offsets[number])..<Int(offsets[number + 1]) {
            let word = words[entry - piece.start]
            coefficients[Int(word >> 16)] = Int16(truncatingIfNeeded: word)
          }
          blocks += coefficients
        }
      }
      XCTAssertEqual(part.blocks.upperBound, blocks.count / 64)
    }
    return blocks
  }

  /// All entries, one behind the other.
  func words() throws -> [UInt32] {
    try parts.flatMap { part in
      try part.entries.indices.flatMap { index in
        let (piece, next) = (part.entries[index], index + 1)
        let end = next < part.entries.count ? part.entries[next].start : part.entryCount
        return try piece.memory.words().prefix(end - piece.start)
      }
    }
  }
}

extension TextureBuffer {
  func words() throws -> [UInt32] {
    try withReadback(evenIfSlow: true) { bytes in
      unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe [UInt32](UnsafeRawBufferPointer(bytes).bindMemory(to: UInt32.self))
      }
    }
  }
}

extension [UInt8] {
  /// Where the first marker of a kind is.
  func place(of marker: UInt8) throws -> Int {
    try XCTUnwrap(indices.first { self[$0...].starts(with: [0xFF, marker]) })
  }
}

/// What libjpeg reads of a file.
private enum LibraryCoefficients {
  /// nil where it has anything to complain about.
  static func read(_ file: [UInt8], evenIfItWarns: Bool = false) throws -> [Int16]? {
    let photo = try JPEGImage(file)
    let format = try XCTUnwrap(photo.coefficientFormat)
    let count = format.units(of: photo.header.descriptor.size).count * format.blocksPerUnit
    var blocks = [Int16](repeating: 0, count: count * 64)
    var warnings = 0
    let found = unsafe texalloc_read_coefficients(file, file.count, &blocks, count, &warnings)
    return found == count && (evenIfItWarns || warnings == 0) ? blocks : nil
  }
}
