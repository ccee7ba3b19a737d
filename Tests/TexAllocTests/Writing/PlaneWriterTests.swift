import TestSupport
import TexAlloc
import XCTest

/// Every width from 1 to 257, from every alignment of the source from 0 to 63.
final class PlaneWriterTests: XCTestCase {
  private let widths = 1...257
  private let alignments = 0..<64
  private let noise: [UInt8] = {
    var random = SplitMix64(seed: 4)
    return (0..<257 * 4 + 64).map { _ in UInt8.random(in: 0...255, using: &random) }
  }()

  func testRowsAreCopied() {
    for width in widths {
      let pixels = noise.suffix(width)
      GuardedPlane.with(rowSize: width) { plane in
        forEachPlace(of: pixels) { source, alignment in
          plane.write { $0.write(source.span, row: 0) }
          plane.expect([Array(pixels)], "\(width) bytes from \(alignment)")
        }
      }
    }
  }

  func testConversionsEqualTheScalarOnes() {
    let conversions: [PixelConversion] = [
      .a8ToRGBA(colour: [200, 100, 50, 255]), .rgbToRGBX, .rgbxToRGB565, .greyToRGBX,
    ]
    for conversion in conversions {
      for width in widths {
        let pixels = noise.suffix(width * conversion.sourcePixelSize)
        let expected = conversion.scalar(pixels)
        GuardedPlane.with(rowSize: expected.count) { plane in
          forEachPlace(of: pixels) { source, alignment in
            plane.write { $0.write(source.span, converting: conversion, row: 0) }
            plane.expect([expected], "\(conversion): \(width) pixels from \(alignment)")
          }
        }
      }
    }
  }

  func testPlanesOfChromaAreInterleaved() {
    for width in widths {
      let (u, v) = (noise.suffix(width), noise.prefix(width))
      let expected = zip(u, v).flatMap { [$0, $1] }
      GuardedPlane.with(rowSize: expected.count) { plane in
        forEachPlace(of: u) { source, alignment in
          plane.write { $0.write(u: source.span, v: v.span, row: 0) }
          plane.expect([expected], "\(width) pairs, u from \(alignment)")
        }
        forEachPlace(of: v) { source, alignment in
          plane.write { $0.write(u: u.span, v: source.span, row: 0) }
          plane.expect([expected], "\(width) pairs, v from \(alignment)")
        }
      }
    }
  }

  func testEveryCoverageOfEveryChannelIsRoundedToTheNearest() {
    let coverage = Array(UInt8.min...UInt8.max)
    GuardedPlane.with(rowSize: 1024) { plane in
      for channel in UInt8.min...UInt8.max {
        let conversion = PixelConversion.a8ToRGBA(colour: [channel, 255 - channel, 1, 255])
        plane.write { $0.write(coverage.span, converting: conversion, row: 0) }
        plane.expect([conversion.scalar(coverage[...])], "\(channel)")
      }
    }
  }

  func testRowsFindTheirPlacesAndTheirPaddingIsWritten() {
    let rows = (0..<5).map { Array(noise[$0 * 70..<$0 * 70 + 70]) }
    GuardedPlane.with(rowSize: 70, rowCount: 5, spareLines: 3) { plane in
      plane.write { writer in
        for (y, row) in rows.enumerated() { writer.write(row.span, row: y) }
      }
      plane.expect(rows, "copied")
      plane.write { $0.fill(1..<3, with: 7) }
      let filled = [UInt8](repeating: 7, count: plane.pitch)
      plane.expect([rows[0], filled, filled, rows[3], rows[4]], "filled")
      plane.write { writer in
        writer.write(lines: 0b101, of: noise[1..<193].span, row: 4, offset: 64)
      }
      let between = [UInt8](repeating: 0, count: 64)
      let last = rows[4][..<64] + noise[1..<65] + between + noise[129..<193]
      plane.expect([rows[0], filled, filled, rows[3], Array(last)], "lines")
    }
  }

  func testRowsOfAnImageAreWrittenAtOnceWithPaddingAndWithout() {
    for width in [70, 128] {
      let image = noise.prefix(4 * width)
      let rows = (0..<4).map { Array(image[$0 * width..<($0 + 1) * width]) }
      GuardedPlane.with(rowSize: width, rowCount: 5) { plane in
        plane.write { writer in
          writer.fill(0..<5, with: 0)
          writer.write(image.span, rows: 1..<5)
        }
        plane.expect([[]] + rows, "\(width)")
      }
    }
  }

  func testWhatIsReadBackIsWhatWasWritten() {
    for width in widths {
      let row = Array(noise.suffix(width))
      GuardedPlane.with(rowSize: width) { plane in
        plane.write { $0.write(row.span, row: 0) }
        for first in row.indices {
          XCTAssert(
            plane.streamed(first..<width).elementsEqual(row[first...]), "\(width), \(first)")
        }
      }
    }
  }

  /// Lends the pixels from every alignment. The first ones end where their memory does, so that a
  /// sanitizer sees what reads on.
  private func forEachPlace(
    of pixels: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>, Int) -> Void
  ) {
    var memory = noise
    for alignment in alignments {
      let end = memory.count - alignment
      memory.replaceSubrange(end - pixels.count..<end, with: pixels)
      body(memory[end - pixels.count..<end], alignment)
    }
  }
}
