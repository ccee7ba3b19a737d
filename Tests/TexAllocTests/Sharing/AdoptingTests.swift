import CLinux
import Foundation
import SystemPackage
import TestSupport
import XCTest

@testable import TexAlloc

final class AdoptingTests: XCTestCase {
  func testAdoptedMemoryIsTheApplicationsOwn() throws {
    let memory = try Memfd(size: 8192)
    let buffer = try TextureBuffer(
      adopting: memory.descriptor, layout(width: 16, pitch: 64), at: 4096,
      mappedFor: [.read, .sequentialWrite])
    XCTAssertEqual(buffer.heap, "memfd")
    XCTAssertEqual(buffer.caching, .cached)
    XCTAssertEqual(buffer.slabSize, 8192)
    try memory.write([1, 2, 3], at: 4096)
    XCTAssertEqual(try buffer.withReadback { Array([$0[0], $0[1], $0[2]]) }, [1, 2, 3])
    var writer = buffer.writer()
    writer.write([UInt8](repeating: 9, count: 64).span, row: 1)
    _ = consume writer
    XCTAssertEqual(try memory.byte(at: 4096 + 64), 9)
  }

  func testTheDescriptorIsDuplicatedCloseOnExecAndLeavesNothing() throws {
    let memory = try Memfd(size: 4096)
    let before = try memoryDescriptors()
    do {
      let buffer = try TextureBuffer(
        adopting: memory.descriptor, layout(width: 16, pitch: 64), mappedFor: [.read])
      let own = try XCTUnwrap(buffer.descriptor?.rawValue)
      XCTAssertNotEqual(own, memory.descriptor.rawValue)
      XCTAssertNotEqual(fcntl(own, F_GETFD) & FD_CLOEXEC, 0)
    }
    XCTAssertTrue(try memoryDescriptors().isSubset(of: before))
    XCTAssertNoThrow(try memory.byte(at: 0))
    for _ in 0..<10 {
      XCTAssertThrowsError(
        try TextureBuffer(adopting: memory.descriptor, layout(width: 16, pitch: 32)))
    }
    XCTAssertTrue(try memoryDescriptors().isSubset(of: before))
  }

  func testAMemfdThatCouldShrinkIsSealed() throws {
    let memory = try Memfd(size: 4096)
    XCTAssertNoThrow(try memory.descriptor.resize(to: 8192))
    let buffer = try TextureBuffer(
      adopting: memory.descriptor, layout(width: 16, pitch: 64), mappedFor: [.read])
    XCTAssertThrowsError(try memory.descriptor.resize(to: 0))
    XCTAssertNoThrow(try buffer.withReadback { $0[0] })
  }

  func testAMemfdThatCanNoLongerBeSealedIsRefused() throws {
    let memory = try Memfd(size: 4096, seals: Memfd.sealed)
    try refusal("seals") {
      _ = try TextureBuffer(adopting: memory.descriptor, self.layout(width: 16, pitch: 64))
    }
    let sealed = try Memfd(size: 4096, seals: Memfd.sealed | texalloc_seal_shrink)
    XCTAssertNoThrow(
      try TextureBuffer(adopting: sealed.descriptor, layout(width: 16, pitch: 64)))
  }

  func testWhatIsNeitherMemfdNorDMABufIsRefused() throws {
    let null = try unsafe FileDescriptor.open("/dev/null", .readWrite)
    defer { try? null.close() }
    let file = "/tmp/texalloc-\(UUID().uuidString)"
    let regular = try FileDescriptor.open(
      FilePath(file), .readWrite, options: [.create], permissions: .ownerReadWrite)
    defer {
      try? regular.close()
      try? FileManager.default.removeItem(atPath: file)
    }
    try regular.resize(to: 4096)
    for descriptor in [null, regular] {
      XCTAssertThrowsError(
        try TextureBuffer(adopting: descriptor, layout(width: 16, pitch: 64))
      ) { error in
        guard case AdoptionRefused.unsuitable(_, let field, _, _) = error else {
          return XCTFail("\(error)")
        }
        XCTAssertTrue(["descriptor", "seals"].contains(field), "\(error)")
      }
    }
    XCTAssertThrowsError(
      try TextureBuffer(
        adopting: FileDescriptor(rawValue: 9999), layout(width: 16, pitch: 64))
    ) {
      guard case AdoptionRefused.failed(let failure) = $0 else { return XCTFail("\($0)") }
      XCTAssertEqual(failure.errno, .badFileDescriptor)
    }
  }

  func testEveryWrongNumberOfALayoutIsNamedWithItsLimit() throws {
    let memory = try Memfd(size: 4096)
    let max = Int.max
    let cases: [(ImageLayout, Int, String, String, String)] = [
      (layout(width: 16, pitch: 63), 0, "pitch of plane 0", "at least 64", "63"),
      (layout(width: 16, pitch: -64), 0, "pitch of plane 0", "at least 64", "-64"),
      (layout(width: 16, pitch: 64, rows: 3), 0, "rows of plane 0", "at least 4", "3"),
      (layout(width: 0, pitch: 64), 0, "width", "at least 1", "0"),
      (layout(width: max, pitch: 64), 0, "width", "rows of at most \(max) bytes", "\(max)"),
      (
        layout(width: 16, pitch: 64, offset: -1), 0, "offset of plane 0", "at least 0", "-1"
      ),
      (
        layout(width: 16, pitch: max, rows: 4), 0, "size of plane 0",
        "a plane within the image's 256 bytes", "4 rows of \(max) at 0"
      ),
      (
        layout(width: 16, pitch: 64, offset: max - 63), 0, "size of plane 0",
        "a plane within the image's 256 bytes", "4 rows of 64 at \(max - 63)"
      ),
      (layout(width: 16, pitch: 64), -64, "offset", "at least 0", "-64"),
      (
        layout(width: 16, pitch: 64), 4096 - 255, "size", "an image within 4096 bytes of memory",
        "256 at 3841"
      ),
      (
        layout(width: 16, pitch: 64), max, "size", "an image within 4096 bytes of memory",
        "256 at \(max)"
      ),
      (
        layout(width: 16, pitch: 64, fourcc: .nv12), 0, "planes", "2 of NV12", "1"
      ),
      (
        layout(width: 16, pitch: 64, modifier: .invalid), 0, "formats",
        "a linear format whose planes are known", "AB24/0xffffffffffffff"
      ),
    ]
    for (layout, offset, field, wanted, held) in cases {
      XCTAssertThrowsError(
        try TextureBuffer(adopting: memory.descriptor, layout, at: offset, named: "frame")
      ) {
        XCTAssertEqual(
          $0 as? AdoptionRefused,
          .unsuitable(buffer: "frame", field: field, wanted: wanted, held: held))
      }
    }
  }

  func testOnlyWholeLinesAreAdoptedForWriting() throws {
    let memory = try Memfd(size: 4096)
    let odd = layout(width: 16, pitch: 68)
    XCTAssertNoThrow(try TextureBuffer(adopting: memory.descriptor, odd, mappedFor: [.read]))
    try refusal("pitchAlignment of plane 0") {
      _ = try TextureBuffer(adopting: memory.descriptor, odd, mappedFor: [.sequentialWrite])
    }
    try refusal("offsetAlignment of plane 0") {
      _ = try TextureBuffer(
        adopting: memory.descriptor, self.layout(width: 16, pitch: 64), at: 32,
        mappedFor: [.sequentialWrite])
    }
  }

  func testWhatWasNotMappedIsNotRead() throws {
    let memory = try Memfd(size: 4096)
    let buffer = try TextureBuffer(
      adopting: memory.descriptor, layout(width: 16, pitch: 64), named: "frame")
    XCTAssertTrue(buffer.cpuUsage.isEmpty)
    XCTAssertThrowsError(try buffer.withContents { $0[0] }) {
      XCTAssertEqual(($0 as? ReadbackRefused)?.reason, .notForReading)
    }
  }

  func testAReadOnlyDescriptorIsReadButNotWritten() throws {
    let memory = try Memfd(size: 4096, seals: texalloc_seal_shrink)
    let readOnly = try unsafe FileDescriptor.open(
      "/proc/self/fd/\(memory.descriptor.rawValue)", .readOnly)
    defer { try? readOnly.close() }
    let image = layout(width: 16, pitch: 64)
    XCTAssertNoThrow(
      try TextureBuffer(adopting: readOnly, image, mappedFor: [.read]).withReadback { $0[0] })
    XCTAssertThrowsError(
      try TextureBuffer(adopting: readOnly, image, mappedFor: [.sequentialWrite])
    ) {
      guard case AdoptionRefused.failed(let failure) = $0 else { return XCTFail("\($0)") }
      XCTAssertEqual(failure.errno, .permissionDenied)
    }
  }

  private func refusal(_ field: String, _ body: () throws -> Void) throws {
    XCTAssertThrowsError(try body()) {
      guard case AdoptionRefused.unsuitable(_, field, _, _) = $0 else {
        return XCTFail("\($0)")
      }
    }
  }

  private func layout(
    width: Int, pitch: Int, rows: Int = 4, offset: Int = 0, fourcc: Fourcc = .abgr8888,
    modifier: Modifier = .linear
  ) -> ImageLayout {
    let (bytes, overflow) = pitch.multipliedReportingOverflow(by: rows)
    return ImageLayout(
      width: width, height: 4, format: Format(fourcc, modifier),
      planes: [.init(offset: offset, pitch: pitch, rows: rows)],
      size: overflow || bytes < 0 || offset != 0 ? 256 : bytes)
  }
}
