import Foundation
import SystemPackage
import TestSupport
import XCTest

@testable import TexAlloc

final class MemoryPressureTests: XCTestCase {
  private var folder: TemporaryFolder!

  override func setUpWithError() throws { folder = try TemporaryFolder() }
  override func tearDown() { folder = nil }

  func testTheTimeThatSomeTaskWaitedIsRead() {
    for (text, waited) in [
      ("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 total=9\n", 0),
      ("some avg10=99.32 avg60=45.10 avg300=11.87 total=81234567890\n", 81_234_567_890),
      ("full avg10=0.00 avg60=0.00 avg300=0.00 total=9\n", nil), ("some avg10=0.00", nil),
      ("some total=\n", nil), ("some total=-\n", nil), ("", nil), ("\0\u{FF}", nil),
    ] as [(String, Int?)] {
      XCTAssertEqual(PressureFile.waited(in: text), waited, text)
    }
  }

  func testTheCgroupsFileComesBeforeTheSystems() throws {
    for (path, cgroup) in [
      ("proc/pressure/memory", nil), ("proc/pressure/memory", "5:memory:/a\n1:cpu:/\n"),
      ("proc/pressure/memory", "0::/elsewhere\n"),
      ("sys/fs/cgroup/unified/a b/memory.pressure", "9:name=systemd:/x\n0::/a b\n"),
      ("sys/fs/cgroup/unified/memory.pressure", "0::/\n"),
      ("sys/fs/cgroup/a b/memory.pressure", "0::/a b\n"),
    ] as [(String, String?)] {
      try write(waited: 0, to: path)
      if let cgroup { try write(cgroup, to: "proc/self/cgroup") }
      XCTAssertEqual(try watcher([]).file.string, folder.path(path))
    }
  }

  func testWhereNobodySaysItIsAbsentWithTheReasons() throws {
    try write("0::/a\n", to: "proc/self/cgroup")
    try write("", to: "proc/pressure/memory")
    XCTAssertThrowsError(try watcher([])) { error in
      let reasons = (error as? MemoryPressureAbsent)?.reasons ?? []
      XCTAssertEqual(
        reasons.map(\.object),
        ["sys/fs/cgroup/a/memory.pressure", "sys/fs/cgroup/unified/a/memory.pressure"]
          .map(folder.path) + [folder.path("proc/pressure/memory")])
      XCTAssertEqual(
        reasons.map(\.errno), [.noSuchFileOrDirectory, .noSuchFileOrDirectory, .notSupported])
      XCTAssertTrue("\(error)".hasPrefix("no memory pressure: "), "\(error)")
    }
  }

  func testPoolsAreTrimmedWhenTasksHadToWait() throws {
    try write(waited: 500, to: "proc/pressure/memory")
    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let kept = try pool.allocate(image)
    _ = try pool.allocate(image)
    let watcher = try watcher([pool])
    XCTAssertFalse(watcher.isTold)
    try write(waited: 510, to: "proc/pressure/memory")
    XCTAssertGreaterThan(pool.statistics.residentBytes, kept.layout.size)
    // Pages that the pool's thread is getting just now come after a trim.
    try wait("a trim") {
      try write(waited: 1_000_000 + watcher.count * 1_000_000, to: "proc/pressure/memory")
      return watcher.bytesGivenBack > 0 && pool.statistics.residentBytes == kept.layout.size
    }
    XCTAssertGreaterThan(watcher.count, 0)
  }

  func testALittleWaitingTrimsNothing() throws {
    try write(waited: 500, to: "proc/pressure/memory")
    let watcher = try watcher([])
    Thread.sleep(forTimeInterval: 0.2)
    try write(waited: 600, to: "proc/pressure/memory")
    Thread.sleep(forTimeInterval: 0.2)
    XCTAssertEqual(watcher.count, 0)
  }

  func testItKeepsNoPoolAndItsThreadGoesWithIt() throws {
    try write(waited: 0, to: "proc/pressure/memory")
    weak var pool: TexturePool?
    do {
      let held = try TexturePool(for: [], from: [MemfdHeap()])
      pool = held
      let watcher = try watcher([held])
      try wait("its thread") { threads > 0 }
      withExtendedLifetime(watcher) {}
    }
    XCTAssertNil(pool)
    try wait("its thread to go") { threads == 0 }
  }

  func testThisMachineSaysItOrSaysWhyNot() throws {
    let watcher: MemoryPressure
    do { watcher = try MemoryPressure(trimming: []) } catch { throw XCTSkip("\(error)") }
    XCTAssertNotNil(try String(contentsOfFile: watcher.file.string, encoding: .utf8))
    XCTAssertEqual(watcher.count, 0)
    print("memory pressure: \(watcher.file), \(watcher.isTold ? "told" : "asked")")
  }

  private let image = ImageDescriptor(width: 512, height: 512, formats: [.abgr8888])

  private func watcher(_ pools: [TexturePool]) throws -> MemoryPressure {
    try MemoryPressure(
      trimming: pools, below: FilePath(folder.url.path), takingTriggers: false,
      every: .milliseconds(10))
  }

  /// As the kernel, it never has the file empty.
  private func write(waited: Int, to path: String) throws {
    let number = String(waited)
    let text =
      "some avg10=0.12 total=" + String(repeating: "0", count: 12 - number.count) + number
      + "\nfull avg10=0.00 total=7\n"
    guard FileManager.default.fileExists(atPath: folder.path(path)) else {
      return try write(text, to: path)
    }
    let file = try FileDescriptor.open(FilePath(folder.path(path)), .writeOnly)
    defer { try? file.close() }
    XCTAssertEqual(try file.writeAll(text.utf8), text.utf8.count)
  }

  private func write(_ text: String, to path: String) throws {
    let file = URL(filePath: folder.path(path))
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  /// Of watchers.
  private var threads: Int {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    return tasks.count { task in
      (try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8))
        == "texalloc-memory\n"
    }
  }

  private func wait(_ what: String, until isDone: () throws -> Bool) throws {
    let end = ContinuousClock.now + .seconds(60)
    while try !isDone() {
      guard ContinuousClock.now < end else { return XCTFail("no \(what)") }
      Thread.sleep(forTimeInterval: 0.01)
    }
  }
}
