import Foundation
import Synchronization
import SystemPackage
import TexAlloc
import TexAllocJPEG
import TestSupport
import XCTest

final class DecodingTests: XCTestCase {
  private static let codings = [
    "-sample 1x1", "-sample 2x1", "-sample 1x2", "-sample 2x2", "-sample 4x1",
    "-sample 2x2 -quality 100", "-sample 2x2 -quality 5 -optimize",
    "-progressive", "-progressive -sample 1x1", "-progressive -sample 1x2",
    "-grayscale", "-grayscale -progressive", "-rgb",
    "-restart 1", "-restart 3B -sample 2x1", "-progressive -restart 1",
    "-arithmetic", "-arithmetic -progressive -sample 2x1",
  ]
  private static let sizes = [
    (1, 1), (2, 1), (1, 2), (7, 9), (8, 8), (15, 17), (16, 16), (17, 15), (33, 64), (129, 1),
    (1, 129), (257, 255),
  ]

  func testEveryCodingAtEverySizeIsWhatTheLibraryMakesOfIt() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for coding in Self.codings {
      for (width, height) in Self.sizes {
        let file = try SampleFile.make(width, height, coding)
        let photo = try JPEGImage(file)
        for fourcc in JPEGDecoder.formats {
          let buffer = try pool.allocate(photo.descriptor(as: [fourcc]))
          try photo.decode(into: buffer)
          XCTAssertTrue(
            try buffer.pixels() == Reference.decode(file, as: fourcc),
            "\(coding), \(width)x\(height), as \(fourcc)")
        }
      }
    }
  }

  func testAScanPerColourIsWhatTheLibraryMakesOfIt() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    try TemporaryFolder.with { folder in
      let script = folder.appending(path: "scans")
      try Data("0; 2; 1;".utf8).write(to: script)
      let file = try SampleFile.make(90, 70, "-scans \(script.path)")
      let photo = try JPEGImage(file)
      XCTAssertTrue(photo.hasSeveralScans)
      let buffer = try pool.allocate(photo.descriptor)
      try photo.decode(into: buffer)
      XCTAssertTrue(try buffer.pixels() == Reference.decode(file, as: .abgr8888))
    }
  }

  func testProgressiveFileThatStopsEarlyIsSmoothedAsTheLibraryDoes() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    let file = try SampleFile.make(90, 70, "-progressive")
    let scans = file.indices.filter { file[$0...].starts(with: [0xFF, 0xDA]) }
    XCTAssertEqual(scans.count, 10)
    for scan in scans.dropFirst() {
      let rough = file[..<scan] + [0xFF, 0xD9]
      let photo = try JPEGImage(Array(rough))
      let buffer = try pool.allocate(photo.descriptor)
      try photo.decode(into: buffer)
      XCTAssertTrue(try buffer.pixels() == Reference.decode(Array(rough), as: .abgr8888))
    }
  }

  func testSamplingThatTurboJPEGDoesNotKnowIsWhatDjpegMakesOfIt() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for coding in ["-sample 1x4", "-sample 4x2", "-sample 2x2,1x2,2x1", "-sample 1x1,2x2,1x1"] {
      for (width, height) in Self.sizes {
        let file = try SampleFile.make(width, height, coding)
        let photo = try JPEGImage(file)
        let buffer = try pool.allocate(photo.descriptor)
        try photo.decode(into: buffer)
        let pixels = try buffer.pixels()
        let colours = pixels.indices.lazy.filter { $0 % 4 != 3 }.map { pixels[$0] }
        XCTAssertEqual([UInt8](colours), try Tool.djpeg(file), "\(coding), \(width)x\(height)")
      }
    }
  }

  func testPhotographsAreWhatTheLibraryMakesOfThem() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for path in try Photographs.paths() {
      let photo = try JPEGImage(contentsOf: path)
      let buffer = try pool.allocate(photo.descriptor)
      try photo.decode(into: buffer)
      let file = try [UInt8](Data(contentsOf: URL(filePath: path.string)))
      XCTAssertTrue(try buffer.pixels() == Reference.decode(file, as: .abgr8888), "\(path)")
    }
  }

  func testOnlyTheSlotIsWrittenAndItsPaddingIsZero() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for (width, height) in Self.sizes {
      let photo = try JPEGImage(SampleFile.make(width, height))
      for fourcc in JPEGDecoder.formats {
        let descriptor = try photo.descriptor(as: [fourcc])
        let before = try pool.allocate(descriptor)
        let subject = try pool.allocate(descriptor)
        let after = try pool.allocate(descriptor)
        for buffer in [before, subject, after] { buffer.fill(with: 0xA5) }
        try photo.decode(into: subject)
        for guarded in [before, after] {
          XCTAssertTrue(try guarded.allBytes().allSatisfy { $0 == 0xA5 })
        }
        XCTAssertTrue(try subject.padding().allSatisfy { $0 == 0 })
      }
    }
  }

  func testDescriptorIsInColourUnlessAskedOtherwise() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for coding in ["", "-grayscale"] {
      let photo = try JPEGImage(SampleFile.make(9, 5, coding))
      XCTAssertEqual(photo.isGrey, coding == "-grayscale")
      XCTAssertEqual(try pool.allocate(photo.descriptor).layout.format, Format(.abgr8888))
      let grey = try pool.allocate(photo.descriptor(as: [.r8])).layout
      XCTAssertEqual(grey.format, Format(.r8))
      XCTAssertEqual(grey.planes[0].pitch, PlaneWriter.lineSize)
    }
  }

  func testProgressRisesToOne() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for coding in ["", "-progressive"] {
      let photo = try JPEGImage(SampleFile.make(100, 200, coding))
      let told = Mutex<[Double]>([])
      try photo.decode(into: pool.allocate(photo.descriptor)) { done in
        told.withLock { $0.append(done) }
        return true
      }
      let parts = told.withLock { $0 }
      XCTAssertEqual(parts, parts.sorted())
      XCTAssertEqual(parts.last, 1)
      XCTAssertGreaterThan(parts.count, 50)
    }
  }

  func testCancelledDecodeStopsAtOnce() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for coding in ["", "-progressive", "-grayscale"] {
      let photo = try JPEGImage(SampleFile.make(100, 200, coding), named: "photo")
      for steps in [1, 7] {
        let buffer = try pool.allocate(photo.descriptor)
        let calls = Atomic(0)
        XCTAssertThrowsError(
          try photo.decode(into: buffer) { _ in
            calls.add(1, ordering: .relaxed).newValue < steps
          }
        ) { XCTAssertEqual("\($0)", "photo: cancelled") }
        XCTAssertEqual(calls.load(ordering: .relaxed), steps)
      }
    }
  }

  func testOneImageIsDecodedByManyThreadsAtOnce() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    for coding in ["", "-progressive"] {
      let file = try SampleFile.make(257, 255, coding)
      let photo = try JPEGImage(file)
      let expected = Reference.decode(file, as: .abgr8888)
      let wrong = Atomic(0)
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        for _ in 0..<20 {
          let pixels = try? {
            let buffer = try pool.allocate(photo.descriptor)
            try photo.decode(into: buffer)
            return try buffer.pixels()
          }()
          if pixels != expected { wrong.add(1, ordering: .relaxed) }
        }
      }
      XCTAssertEqual(wrong.load(ordering: .relaxed), 0)
    }
  }
}
