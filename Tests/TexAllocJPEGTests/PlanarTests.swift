import AuditSupport
import CTurboJPEG
import TestSupport
import TexAlloc
import TexAllocAudit
import TexAllocJPEG
import XCTest

/// Files decoded to the planes of luma and chroma that they have.
final class PlanarTests: XCTestCase {
  private let samplings = [
    ("-sample 1x1", [Fourcc.nv24, .yuv444]), ("-sample 2x1", [.nv16, .yuv422]),
    ("-sample 2x2", [.nv12, .yuv420]), ("-sample 4x1", [.yuv411]),
  ]

  private let planar = {
    var options = DecodingOptions()
    options.prefersPlanes = true
    return options
  }()

  func testPlanesAreThoseOfLibjpeg() throws {
    for (sampling, formats) in samplings {
      for coding in ["", "-progressive", "-restart 1", "-optimize -quality 30"] {
        for (width, height) in [(37, 50), (64, 32), (1, 1), (129, 17)] {
          let file = try SampleFile.make(width, height, "\(sampling) \(coding)")
          let photo = try JPEGImage(file)
          XCTAssertEqual(photo.planarFormats, formats, sampling)
          XCTAssertNil(photo.planarObstacle)
          let preferred = try JPEGImage(file, planar).descriptor
          XCTAssertEqual(preferred.colour, .picture)
          XCTAssertEqual(preferred.formats, formats)
          let reference = try planes(of: file)
          for fourcc in formats {
            let held = try decode(photo, as: fourcc)
            let wanted =
              held.count == 3
              ? reference : [reference[0], zip(reference[1], reference[2]).flatMap { [$0, $1] }]
            XCTAssertEqual(held, wanted, "\(sampling) \(coding) \(width)x\(height) as \(fourcc)")
          }
        }
      }
    }
  }

  func testWhatHasNoPlanesSaysWhy() throws {
    var profiled = planar
    profiled.appliesProfile = true
    for (photo, word) in [
      (try JPEGImage(SampleFile.make(20, 20, "-sample 1x2"), planar), "1x2"),
      (try JPEGImage(SampleFile.make(20, 20, "-sample 2x2,1x2,2x1"), planar), "1x2, 2x1"),
      (try JPEGImage(SampleFile.make(20, 20, "-grayscale"), planar), "no chroma"),
      (try JPEGImage(SampleFile.make(20, 20, "-rgb"), planar), "not luma and chroma"),
      (try JPEGImage(PrintFile.make(20, 20, .ycck), planar), "not luma and chroma"),
      (
        try JPEGImage(
          SampleFile.make(20, 20).inserting([.whole(TestProfile.swapped)]), profiled), "profile"
      ),
    ] {
      XCTAssertEqual(photo.planarFormats, [])
      XCTAssertTrue(photo.planarObstacle?.contains(word) ?? false, photo.planarObstacle ?? "")
      XCTAssertThrowsError(try photo.descriptor(as: [.nv12]))
      let buffer = try TexturePool(for: []).allocate(photo.descriptor)
      XCTAssertEqual(buffer.layout.format, Format(.abgr8888))
      let warning = try photo.decode(into: buffer).warnings.first { $0.hasPrefix("decoded to col") }
      XCTAssertTrue(warning?.contains(word) ?? false, "\(warning ?? "")")
    }
  }

  func testPlanesThatAreNotTheFilesAreRefused() throws {
    let photo = try JPEGImage(SampleFile.make(20, 20, "-sample 2x1"))
    XCTAssertThrowsError(try photo.descriptor(as: [.nv12])) {
      XCTAssertTrue("\($0)".contains("NV12"), "\($0)")
    }
    let other = try JPEGImage(SampleFile.make(20, 20, "-sample 2x2"), planar)
    let buffer = try TexturePool(for: [], from: [MemfdHeap()]).allocate(other.descriptor)
    XCTAssertThrowsError(try photo.decode(into: buffer))
    XCTAssertNil(buffer.discardReason)
  }

  func testPlanesAreWrittenInWholeLines() throws {
    var options = DecodingOptions()
    options.damage = .salvage(fill: [10, 20, 30, 255])
    for (sampling, formats) in samplings {
      for coding in ["", "-progressive"] {
        let whole = try SampleFile.make(133, 90, "\(sampling) \(coding)")
        for file in [whole, Array(whole.prefix(whole.count * 3 / 5))] {
          for fourcc in formats {
            let photo = try JPEGImage(file, options)
            let pool = try TexturePool(for: [])
            let buffer = try pool.allocate(photo.descriptor(as: [fourcc]))
            let report = try auditing(pool) { _ = try photo.decode(into: buffer) }
            XCTAssertEqual(report.loads, 0, "\(sampling) as \(fourcc)")
            XCTAssertEqual(report.partialLineWrites, 0, "\(sampling) as \(fourcc)")
            // Damage may show only behind what it has spoilt.
            guard file.count == whole.count else { continue }
            XCTAssertTrue(report.isWriteCombiningFriendly, "\(report)\n\(sampling) as \(fourcc)")
          }
        }
      }
    }
  }

  /// What is cut off is filled with the colour, in each plane, from a whole row of chroma on.
  func testSalvagedPlanesAreGoodAboveTheirFill() throws {
    var options = DecodingOptions()
    options.damage = .salvage(fill: [255, 0, 0, 255])
    for (sampling, formats) in samplings {
      let whole = try SampleFile.make(64, 96, sampling)
      let reference = try planes(of: whole)
      let photo = try JPEGImage(Array(whole.prefix(whole.count / 2)), options)
      for fourcc in formats {
        let buffer = try TexturePool(for: [], from: [MemfdHeap()]).allocate(
          photo.descriptor(as: [fourcc]), for: .cpuRead)
        let report = try photo.decode(into: buffer)
        let good = report.goodRows.count
        XCTAssertTrue(0 < good && good < 96, "\(good)")
        let luma = try buffer.pixels()
        XCTAssertEqual(luma.prefix(good * 64), reference[0].prefix(good * 64))
        XCTAssertEqual(Set(luma.dropFirst(good * 64)), [76])
        let chroma = try buffer.pixels(ofPlane: 1)
        XCTAssertEqual(chroma.last, buffer.layout.planes.count == 2 ? 255 : 85)
        XCTAssertFalse(report.warnings.isEmpty)
      }
    }
  }

  private func decode(_ photo: JPEGImage, as fourcc: Fourcc) throws -> [[UInt8]] {
    let buffer = try TexturePool(for: [JPEGDecoder.component], from: [MemfdHeap()]).allocate(
      photo.descriptor(as: [fourcc]), for: .cpuRead)
    XCTAssertEqual(buffer.layout.format, Format(fourcc))
    let report = try photo.decode(into: buffer)
    XCTAssertEqual(report.goodRows, 0..<photo.descriptor.height)
    return try buffer.layout.planes.indices.map { try buffer.pixels(ofPlane: $0) }
  }

  /// What TurboJPEG, which has a libjpeg of its own, makes of a file.
  private func planes(of file: [UInt8]) throws -> [[UInt8]] {
    let codec = unsafe tjInitDecompress()
    defer { unsafe tjDestroy(codec) }
    var (width, height, sampling, colours): (CInt, CInt, CInt, CInt) = (0, 0, 0, 0)
    let size = UInt(file.count)
    XCTAssertEqual(
      unsafe tjDecompressHeader3(codec, file, size, &width, &height, &sampling, &colours), 0)
    let sizes = (CInt(0)..<3).map { plane in
      (tjPlaneWidth(plane, width, sampling), tjPlaneHeight(plane, height, sampling))
    }
    var all = sizes.map { [UInt8](repeating: 0, count: Int($0.0 * $0.1)) }
    var strides = sizes.map(\.0)
    var joined = [UInt8](repeating: 0, count: all.reduce(0) { $0 + $1.count })
    unsafe joined.withUnsafeMutableBufferPointer { bytes in
      var start = bytes.baseAddress
      var pointers: [UnsafeMutablePointer<UInt8>?] = unsafe []
      for plane in all {
        unsafe pointers.append(start)
        unsafe start = start.map { unsafe $0 + plane.count }
      }
      XCTAssertEqual(
        unsafe tjDecompressToYUVPlanes(
          codec, file, size, &pointers, width, &strides, height, 0), 0)
    }
    var start = 0
    for index in all.indices {
      all[index] = Array(joined[start..<start + all[index].count])
      start += all[index].count
    }
    // TurboJPEG rounds luma up to whole samples of chroma.
    let stride = Int(strides[0])
    all[0] = (0..<Int(height)).flatMap { all[0][$0 * stride..<$0 * stride + Int(width)] }
    return all
  }
}
