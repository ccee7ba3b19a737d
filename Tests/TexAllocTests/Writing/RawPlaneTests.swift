import TestSupport
import XCTest

@testable import TexAlloc

/// Planes for libraries that want an address and a pitch.
final class RawPlaneTests: XCTestCase {
  private let size = (width: 100, height: 6)

  func testItIsThePlanesOwnMemoryWhereTheImageIsForRandomAccess() throws {
    for usage in [[.randomWrite], [.sequentialWrite, .read]] as [[CPUUsage]] {
      let buffer = try image(writtenBy: usage)
      do {
        var writer = buffer.writer()
        writer.fill(writer.rows, with: 9)
        var plane = try writer.raw()
        XCTAssertFalse(plane.isStaged)
        XCTAssertEqual(plane.pitch, 448)
        let address = unsafe plane.withUnsafeBytes { Int(bitPattern: $0.baseAddress) }
        XCTAssertTrue(address.isMultiple(of: plane.alignment))
        unsafe plane.withUnsafeBytes { bytes in
          XCTAssertEqual(bytes.count, 448 * 6)
          unsafe XCTAssertEqual(bytes[448], 9, "what was in the plane")
          unsafe bytes.storeBytes(of: 5, toByteOffset: 448, as: UInt8.self)
          unsafe bytes.storeBytes(of: 7, toByteOffset: 447, as: UInt8.self)
        }
      }
      try buffer.withContents { bytes in
        XCTAssertEqual([bytes[0], bytes[399], bytes[448]], [9, 9, 5])
        XCTAssertTrue((400..<448).allSatisfy { bytes[$0] == 0 }, "padding is zero at the end")
      }
    }
  }

  func testElsewhereItIsRefusedOrStaged() throws {
    let writeCombining = FakeHeap("wc", caching: .writeCombining)
    for heap in [MemfdHeap(), writeCombining] as [any Heap] {
      let buffer = try image(writtenBy: [.sequentialWrite], from: heap)
      do {
        var writer = buffer.writer()
        writer.fill(writer.rows, with: 9)
        do {
          _ = try writer.raw()
          XCTFail("it was lent")
        } catch {
          XCTAssertEqual(error.reason, .notForRandomAccess, "alike on every heap")
          XCTAssertEqual(
            "\(error)",
            "image: it is written in order and never read; ask for staging, or allocate it for a writer"
              + " whose cpuUsage is randomWrite, or with the flag cpuRead")
        }
        var plane = try writer.raw(rows: 2..<4, staging: true)
        XCTAssertTrue(plane.isStaged)
        let address = unsafe plane.withUnsafeBytes { Int(bitPattern: $0.baseAddress) }
        XCTAssertTrue(address.isMultiple(of: plane.alignment))
        unsafe plane.withUnsafeBytes { bytes in
          XCTAssertEqual(bytes.count, 448 * 2)
          unsafe XCTAssertTrue(bytes.allSatisfy { $0 == 0 })
          unsafe bytes.initializeMemory(as: UInt8.self, repeating: 5)
        }
      }
      try buffer.withContents { bytes in
        for row in 0..<6 {
          let value: UInt8 = (2..<4).contains(row) ? 5 : 9
          XCTAssertTrue((0..<400).allSatisfy { bytes[row * 448 + $0] == value }, "\(row)")
        }
        XCTAssertEqual(bytes[2 * 448 + 400], 0)
      }
    }
  }

  func testMemoryThatMayNotBeCachedIsRefusedByName() throws {
    let memory = try OwnedDescriptor.memory(of: 1 << 16, named: "adopted")
    let layout = ImageLayout(
      width: 64, height: 4, format: Format(.r8), planes: [.init(offset: 0, pitch: 64, rows: 4)],
      size: 256)
    let buffer = try TextureBuffer(
      adopting: memory.descriptor, layout, mappedFor: [.read, .sequentialWrite],
      caching: .uncached, named: "frame")
    var writer = buffer.writer()
    do {
      _ = try writer.raw()
      XCTFail("it was lent")
    } catch {
      XCTAssertEqual(error.reason, .notCached(heap: "memfd", caching: .uncached))
      XCTAssertEqual("\(error)", "frame: its memory of memfd is uncached; ask for staging")
    }
    XCTAssertTrue(try writer.raw(staging: true).isStaged)
  }

  func testItHasAllTheAlignmentThatThePlanPromised() throws {
    let buffer = try image(writtenBy: [.randomWrite]) {
      ($0.pitchAlignment, $0.offsetAlignment) = (256, 4096)
    }
    var writer = buffer.writer()
    XCTAssertEqual(try writer.raw().alignment, 512, "of a pitch of 512")
    XCTAssertGreaterThanOrEqual(try writer.raw(rows: 0..<1).alignment, 512)
    XCTAssertEqual(try writer.raw(rows: 0..<0).rows, 0..<0)
  }

  func testThePlaneIsNeitherReadNorWrittenMeanwhile() throws {
    let buffer = try image(writtenBy: [.randomWrite, .read])
    var writer = buffer.writer()
    var plane = try writer.raw()
    XCTAssertThrowsError(try buffer.pixels()) {
      XCTAssertEqual(($0 as? ReadbackRefused)?.reason, .beingWritten(plane: 0))
    }
    unsafe plane.withUnsafeBytes { unsafe $0[0] = 1 }
    try XCTAssertEndsTheProcess(saying: "a second writer of plane 0", in: self) {
      _ = buffer.writer()
    }
  }

  func testSeveralPlanesAndSeveralThreadsHaveOneEach() throws {
    let buffer = try image(writtenBy: [.randomWrite], .nv12)
    do {
      var luma = buffer.writer(ofPlane: 0)
      var chroma = buffer.writer(ofPlane: 1)
      var upper = try luma.raw(rows: 0..<3)
      var all = try chroma.raw()
      unsafe upper.withUnsafeBytes { _ = unsafe memset($0.baseAddress!, 1, $0.count) }
      unsafe all.withUnsafeBytes { _ = unsafe memset($0.baseAddress!, 2, $0.count) }
    }
    do {
      var luma = buffer.writer()
      let plane = luma.split()
      var lower = plane.writer(ofRows: 3..<6)
      var raw = try lower.raw()
      XCTAssertEqual(raw.rows, 3..<6)
      unsafe raw.withUnsafeBytes { _ = unsafe memset($0.baseAddress!, 3, $0.count) }
    }
    try buffer.withContents { XCTAssertEqual([$0[0], $0[2 * 128], $0[3 * 128]], [1, 1, 3]) }
    try buffer.withContents(ofPlane: 1) { XCTAssertEqual([$0[0], $0[2 * 128]], [2, 2]) }
  }

  private func image(
    writtenBy usage: [CPUUsage], _ format: Fourcc = .abgr8888, from heap: any Heap = MemfdHeap(),
    _ set: (inout BufferConstraints) -> Void = { _ in }
  ) throws -> TextureBuffer {
    let writer = BufferAttributes(name: "painter") {
      ($0.formats, $0.cpuUsage) = ([Format(format)], usage)
      set(&$0)
    }
    return try TexturePool(for: [], from: [heap]).allocate(
      ImageDescriptor(width: size.width, height: size.height, writtenBy: writer))
  }
}
