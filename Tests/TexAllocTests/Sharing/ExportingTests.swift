import CLinux
import Foundation
import SystemPackage
import TexAlloc
import XCTest

final class ExportingTests: XCTestCase {
  private let image = ImageDescriptor(width: 100, height: 50, formats: [.abgr8888])

  func testWhatIsExportedIsTheImagesOwnZeroedAndCannotShrink() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let buffer = try pool.allocate(image, for: [.texture, .exportable])
    let exported = try buffer.export()
    let descriptor = exported.descriptor
    XCTAssertEqual(buffer.offset, 0)
    XCTAssertEqual(try descriptor.stat().size, Int64(buffer.layout.size))
    XCTAssertEqual(try contents(of: descriptor), [UInt8](repeating: 0, count: buffer.layout.size))
    XCTAssertEqual(texalloc_get_seals(descriptor.rawValue) & Memfd.shared, Memfd.shared)
    XCTAssertThrowsError(try descriptor.resize(to: 4096))
    XCTAssertNotEqual(fcntl(descriptor.rawValue, F_GETFD) & FD_CLOEXEC, 0)

    var writer = buffer.writer()
    writer.fill(0..<1, with: 9)
    _ = consume writer
    XCTAssertEqual(try contents(of: descriptor)[0], 9)
  }

  func testMemoryThatLeftTheProcessIsNeverUsedAgain() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let kept = try pool.allocate(image, for: [.texture, .exportable]).export()
    XCTAssertEqual(pool.statistics.slabs, 0)
    for flags in [AllocationFlags.texture, [.texture, .dedicated], [.texture, .exportable]] {
      fill(try pool.allocate(image, for: flags))
    }
    XCTAssertTrue(try contents(of: kept.descriptor).allSatisfy { $0 == 0 })
  }

  func testASharedSlabNeverLeavesTheProcess() throws {
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    for flags in [AllocationFlags.texture, [.texture, .dedicated], [.texture, .zeroed]] {
      let buffer = try pool.allocate(image, for: flags, named: "photo")
      XCTAssertThrowsError(try export(buffer)) {
        XCTAssertEqual($0 as? ExportRefused, .notExportable(buffer: "photo"))
      }
    }
    let ordinary = try ImageAllocator(for: [], from: [MemfdHeap()]).allocate(image, named: "icon")
    XCTAssertThrowsError(try export(ordinary)) {
      XCTAssertEqual($0 as? ExportRefused, .notExportable(buffer: "icon"))
    }
  }

  private func export(_ buffer: TextureBuffer) throws { _ = try buffer.export() }

  private func fill(_ buffer: TextureBuffer) {
    var writer = buffer.writer()
    writer.fill(0..<writer.rowCount, with: 0xFF)
  }

  private func contents(of descriptor: FileDescriptor) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 1, count: Int(try descriptor.stat().size))
    let count = try unsafe bytes.withUnsafeMutableBytes {
      try unsafe descriptor.read(fromAbsoluteOffset: 0, into: $0)
    }
    return Array(bytes.prefix(count))
  }
}
