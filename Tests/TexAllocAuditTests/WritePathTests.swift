import AuditSupport
import Foundation
import SystemPackage
import TestSupport
import TexAlloc
import TexAllocAtlas
import TexAllocAudit
import TexAllocJPEG
import TexAllocText
import XCTest

/// Every path of the library that writes texture memory.
final class WritePathTests: XCTestCase {
  private let conversions: [PixelConversion] = [
    .a8ToRGBA(colour: [200, 100, 50, 255]), .rgbToRGBX, .rgbxToRGB565, .greyToRGBX,
  ]

  func testDecodingIsWriteCombiningFriendlyInEveryFormat() throws {
    let pool = try TexturePool(for: [JPEGDecoder.component])
    // Of odd width, progressive, grey.
    for name in ["brook.jpg", "clouds.jpg", "moon.jpg"] {
      let photo = try JPEGImage(contentsOf: FilePath(TestPhotograph.path(name)))
      for fourcc in JPEGDecoder.formats {
        let buffer = try pool.allocate(photo.descriptor(as: [fourcc]))
        let report = try XCTAssertWriteCombiningFriendly(pool, "\(name) as \(fourcc)") {
          try photo.decode(into: buffer)
        }
        let layout = buffer.layout
        XCTAssertEqual(report.linesTouched, layout.planes[0].pitch / 64 * layout.height)
      }
    }
  }

  func testRowsOfEveryWidthAreWriteCombiningFriendly() throws {
    let pool = try TexturePool(for: [])
    let pixels = [UInt8](repeating: 1, count: 4 * 300)
    for width in [1, 15, 16, 17, 63, 64, 65, 257] {
      let buffer = try TextureBuffer.bytes(width, 4, in: pool)
      try XCTAssertWriteCombiningFriendly(pool, "\(width) bytes") {
        var writer = buffer.writer()
        writer.write(pixels.span.extracting(first: width), row: 0)
        writer.write(pixels.span.extracting(first: 2 * width), rows: 1..<3)
        var row = writer.row(3)
        row.append(pixels.span.extracting(first: width / 2))
        row.append(repeating: 7, count: width / 3)
      }
    }
  }

  func testConversionsAreWriteCombiningFriendly() throws {
    let pool = try TexturePool(for: [])
    let pixels = [UInt8](repeating: 1, count: 4 * 300)
    for conversion in conversions {
      let fourcc: Fourcc = conversion.pixelSize == 2 ? .rgb565 : .abgr8888
      for width in [1, 15, 16, 17, 257] {
        let buffer = try pool.allocate(
          ImageDescriptor(width: width, height: 1, formats: [fourcc]))
        try XCTAssertWriteCombiningFriendly(pool, "\(conversion), \(width)") {
          var writer = buffer.writer()
          writer.write(
            pixels.span.extracting(first: width * conversion.sourcePixelSize),
            converting: conversion, row: 0)
        }
      }
    }
  }

  func testChromaLinesAndFillsAreWriteCombiningFriendly() throws {
    let pool = try TexturePool(for: [])
    let pixels = [UInt8](repeating: 1, count: 256)
    let buffer = try pool.allocate(ImageDescriptor(width: 101, height: 6, formats: [.gr88]))
    try XCTAssertWriteCombiningFriendly(pool) {
      var writer = buffer.writer()
      writer.write(
        u: pixels.span.extracting(first: 101), v: pixels.span.extracting(last: 101), row: 0)
      writer.write(lines: 0b101, of: pixels.span, row: 1, offset: 64)
      writer.fill(2..<6, with: 9)
    }
  }

  func testAPageOfFreshGlyphsIsWriteCombiningFriendly() throws {
    let path = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
    guard FileManager.default.fileExists(atPath: path) else { throw XCTSkip("no \(path)") }
    let pool = try TexturePool(for: [GlyphCache.component])
    let face = try FontFace(contentsOf: FilePath(path), in: FontLibrary())
    let cache = GlyphCache(in: pool, pageSize: ImageSize(width: 500, height: 500))
    let report = try XCTAssertWriteCombiningFriendly(pool) {
      for code in 33...126 {
        guard let scalar = Unicode.Scalar(code), let glyph = face.glyph(for: scalar) else {
          continue
        }
        _ = try cache.glyph(glyph, of: face, pixelSize: 16)
      }
      try cache.flush()
    }
    XCTAssertEqual(report.linesTouched, 500 * 8)
    XCTAssertEqual(report.busWritesPerLine, 1)
    // What changes later is written again, and nothing else.
    let later = try XCTAssertWriteCombiningFriendly(pool) {
      _ = try cache.glyph(try XCTUnwrap(face.glyph(for: "A")), of: face, pixelSize: 40)
      try cache.flush()
    }
    XCTAssertLessThan(later.linesTouched, 200)
  }

  func testAnAtlasIsWriteCombiningFriendly() throws {
    let pool = try TexturePool(for: [])
    let page = ImageDescriptor(width: 200, height: 100, formats: [.abgr8888])
    let atlas = Atlas(in: pool, page: page)
    try XCTAssertWriteCombiningFriendly(pool) {
      for _ in 0..<20 {
        let cell = try atlas.insert(width: 13, height: 17)
        atlas.draw(in: cell) { pixels in
          for y in 0..<pixels.rowCount {
            var row = pixels.row(y)
            row.update(repeating: 200)
          }
        }
      }
      try atlas.flush()
    }
  }

  func testZeroedImagesAreWriteCombiningFriendly() throws {
    let pool = try TexturePool(for: [])
    let image = ImageDescriptor(width: 101, height: 40, formats: [.abgr8888])
    _ = try pool.allocate(image)  // whose slot is not fresh any more
    try XCTAssertWriteCombiningFriendly(pool) {
      _ = try pool.allocate(image, for: [.texture, .zeroed])
    }
  }
}
