import Foundation
import Glibc
import SystemPackage
import TestSupport
import TexAlloc
import TexAllocPNG
import XCTest

@testable import sharingpeer

/// Memory of every heap, and fences of a driver, in the hands of another process.
final class SharedBufferTests: XCTestCase {
  private var folder: TemporaryFolder!

  override func setUpWithError() throws { folder = try TemporaryFolder() }
  override func tearDown() { folder = nil }

  /// The other process maps and compares what comes, first after a sync file that passes when it is told to,
  /// and gives it back after one.
  func testMemoryAndSyncFilesOfEveryHeapCrossProcesses() throws {
    let vgem = try PresentHeap.dumbBuffers(of: "vgem")
    let (reader, socket) = try start("sharingpeer") { [$0] }
    for present in try PresentHeap.all() {
      let pool = try TexturePool(for: [], from: [present.heap])
      try CapabilityTable.check(present.name, "shared with a process", in: self) {
        var buffer: TextureBuffer? = try pool.allocate(
          PatternReader.image, for: [.texture, .exportable])
        let memory = try XCTUnwrap(buffer?.descriptor)
        var number: UInt64 = 0
        for generation in 1...2 as ClosedRange<UInt64> {
          let written = try PendingFence(from: vgem)
          let used = try PendingFence(from: vgem)
          if number == 0 {
            number = try socket.offer(
              XCTUnwrap(buffer), keeping: true, after: written.syncFile
            ).number
          } else {
            try socket.handOverAgain(number, after: written.syncFile)
          }
          try write(generation, into: XCTUnwrap(buffer))
          // The first is given back with this one pending, the second with none.
          if generation == 1 { try used.attach(to: memory, of: .reading) }
          try written.pass()
          guard case .released(let handOver, _, let refusal)? = try next(of: socket) else {
            return XCTFail("\(present.name): not released")
          }
          XCTAssertEqual(handOver, HandOver(number: number, generation: generation))
          XCTAssertNil(refusal, present.name)
          // That it passes without a word of the peer's shows that it is a sync file.
          XCTAssertEqual(socket.isIdle(number), generation == 2, present.name)
          try used.pass()
          XCTAssertTrue(socket.isIdle(number), present.name)
        }
        try socket.withdraw(number)
        buffer = nil
        pool.collect()
        XCTAssertEqual(pool.statistics.slots, 0, "\(present.name): the slot is held still")
      }
    }
    socket.close(because: "that was all")
    reader.waitUntilExit()
    XCTAssertEqual(reader.terminationStatus, 0)
  }

  /// It draws what is there once a fence has passed, without a copy.
  func testAnotherProcessImportsMemoryOfEveryHeap() throws {
    let vgem = try PresentHeap.dumbBuffers(of: "vgem")
    let (viewer, socket) = try start("texctl") {
      [
        "receive", $0, "-o", self.folder.url.path, "--device", "software", "--patience", "60",
        "--json",
      ]
    }
    let image = ImageDescriptor(width: 33, height: 7, formats: [.abgr8888])
    var expected: [(heap: String, pixels: [UInt8])] = []
    for present in try PresentHeap.all() {
      let pool = try TexturePool(for: [], from: [present.heap])
      let buffer = try pool.allocate(image, for: [.texture, .exportable])
      let written = try PendingFence(from: vgem)
      try socket.offer(buffer, after: written.syncFile)
      var row: [UInt8] = []
      for x in 0..<image.size.width { row += [UInt8(expected.count * 20), UInt8(x), 200, 255] }
      do {
        var writer = buffer.writer()
        for y in 0..<writer.rowCount { writer.write(row.span, row: y) }
      }
      let rows = Array(repeating: row, count: image.size.height)
      expected.append((present.name, Array(rows.joined())))
      try written.pass()
      guard case .released(_, _, let refusal)? = try next(of: socket) else {
        return XCTFail("\(present.name): not released")
      }
      XCTAssertNil(refusal, present.name)
    }
    socket.close(because: "that was all")
    viewer.waitUntilExit()
    XCTAssertEqual(viewer.terminationStatus, 0)
    let reports = try String(contentsOfFile: folder.path("output"), encoding: .utf8)
      .components(separatedBy: "\n}\n").filter { !$0.isEmpty }
    XCTAssertEqual(reports.count, expected.count)
    for (index, (heap, pixels)) in expected.enumerated() {
      let isImported = reports[index].contains(#""route" : "imported""#)
      XCTAssertTrue(isImported, "\(heap): \(reports[index])")
      let drawn = try picture(folder.path("\(index + 1).png"))
      XCTAssertEqual(drawn, pixels, heap)
      CapabilityTable.print(heap, "imported by a process", isImported && drawn == pixels)
    }
  }

  /// What lies with a peer's memory may take as long as it likes.
  func testAPeersMemoryIsTakenWhileADeviceWritesIt() throws {
    let vgem = try PresentHeap.dumbBuffers(of: "vgem")
    let path = FilePath(folder.path("s"))
    let listener = try BufferListener(at: path)
    let consumer = try BufferSocket(connectingTo: path, as: "consumer")
    let producer = try listener.accept(as: "producer")
    let buffer = try TexturePool(for: [], from: [vgem])
      .allocate(PatternReader.image, for: [.texture, .exportable])
    let written = try PendingFence(from: vgem)
    try written.attach(to: XCTUnwrap(buffer.descriptor))
    try producer.offer(buffer)
    guard case .received(let image)? = try consumer.receive(until: .now + .seconds(60)) else {
      return XCTFail("nothing came")
    }
    XCTAssertFalse(written.syncFile.hasPassed, "it waited for the fence")
    let fence = try image.buffer.fence(before: .reading)
    XCTAssertFalse(fence.hasPassed)
    try written.pass()
    XCTAssertTrue(fence.hasPassed)
    XCTAssertEqual(try image.buffer.pixels(evenIfSlow: true)[0], 0)
  }

  /// Runs a program of this package, which connects to a socket.
  private func start(
    _ program: String, _ arguments: (String) -> [String]
  ) throws -> (Process, BufferSocket) {
    let path = folder.path("socket")
    let listener = try BufferListener(at: FilePath(path))
    let process = Process()
    process.executableURL = Bundle.main.bundleURL.appending(path: program)
    process.arguments = arguments(path)
    try Data().write(to: URL(filePath: folder.path("output")))
    process.standardOutput = try FileHandle(
      forWritingTo: URL(filePath: folder.path("output")))
    try process.run()
    var request = pollfd(fd: listener.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
    XCTAssertEqual(unsafe poll(&request, 1, 120_000), 1, "\(program) does not connect")
    return (process, try listener.accept(as: "tests"))
  }

  private func write(_ generation: UInt64, into buffer: TextureBuffer) {
    var writer = buffer.writer()
    for row in 0..<writer.rowCount {
      writer.write(PatternReader.row(row, of: generation).span, row: row)
    }
  }

  private func next(of socket: BufferSocket) throws -> SharingEvent? {
    try socket.receive(until: .now + .seconds(120))
  }

  private func picture(_ path: String) throws -> [UInt8] {
    let picture = try PNGImage(ImageSource(FilePath(path)))
    let buffer = try TexturePool(for: [], from: [MemfdHeap()])
      .allocate(picture.header.descriptor, for: [.texture, .cpuRead])
    XCTAssertEqual(buffer.layout.format, Format(.abgr8888))
    try picture.decode(into: buffer)
    return try buffer.pixels()
  }
}
