import Foundation
import SystemPackage
import TestSupport
import XCTest

@testable import TexAlloc

/// Memory of a real cgroup that runs short.
final class MemoryPressureTests: XCTestCase {
  private static let mount = "/run/cgroup"
  private static let group = "\(mount)/short"

  func testTheKernelTellsThatMemoryOfTheCgroupRunsShort() throws {
    _ = try Monitor()
    try makeGroup(ofAtMost: 16 << 20)
    defer { unsafe rmdir(Self.group) }
    // The process itself stays where it is, and is told of what happens there.
    let root = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: root.path("proc/self"), withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      atPath: root.path("sys/fs"), withIntermediateDirectories: true)
    try Data("0::/short\n".utf8).write(to: URL(filePath: root.path("proc/self/cgroup")))
    try FileManager.default.createSymbolicLink(
      atPath: root.path("sys/fs/cgroup"), withDestinationPath: Self.mount)

    let pool = try TexturePool(for: [], from: [MemfdHeap()])
    let image = ImageDescriptor(width: 512, height: 512, formats: [.abgr8888])
    let kept = try pool.allocate(image)
    _ = try pool.allocate(image)
    let watcher = try MemoryPressure(
      trimming: [pool], below: FilePath(root.url.path), takingTriggers: true, every: .seconds(2))
    XCTAssertTrue(watcher.isTold, "\(watcher.file)")
    XCTAssertEqual(watcher.count, 0)

    let hungry = Process()
    hungry.executableURL = URL(filePath: "/bin/sh")
    hungry.arguments = [
      "-c",
      "echo $$ >\(Self.group)/cgroup.procs; exec head -c 64M /dev/zero | tail -c 64M >/dev/null",
    ]
    try hungry.run()
    defer {
      hungry.terminate()
      try? Data("1".utf8).write(to: URL(filePath: "\(Self.group)/cgroup.kill"))
      hungry.waitUntilExit()
    }
    let end = ContinuousClock.now + .seconds(120)
    while watcher.bytesGivenBack == 0 {
      guard ContinuousClock.now < end else { return XCTFail("nobody said that memory is short") }
      usleep(50_000)
    }
    XCTAssertGreaterThan(watcher.count, 0)
    XCTAssertEqual(pool.statistics.slots, 1)
    XCTAssertGreaterThanOrEqual(pool.statistics.residentBytes, kept.layout.size)
    CapabilityTable.print("cgroup", "memory pressure, told", true)
  }

  /// A cgroup whose tasks are made to wait once they have so many bytes.
  private func makeGroup(ofAtMost bytes: Int) throws {
    let script = """
      mkdir -p \(Self.mount) && { grep -q ' \(Self.mount) cgroup2' /proc/mounts ||
      mount -t cgroup2 cgroup2 \(Self.mount); } &&
      echo +memory >\(Self.mount)/cgroup.subtree_control && mkdir -p \(Self.group) &&
      echo \(bytes) >\(Self.group)/memory.high
      """
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", script]
    try process.run()
    process.waitUntilExit()
    XCTAssertEqual(process.terminationStatus, 0)
  }
}
