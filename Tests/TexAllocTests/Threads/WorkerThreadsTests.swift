import Foundation
import Synchronization
import TestSupport
import TexAlloc
import XCTest

final class WorkerThreadsTests: XCTestCase {
  func testEveryPartIsDoneOnceAndAllBeforeItReturns() throws {
    let workers = try WorkerThreads(3, named: "test-parts")
    for parts in [0, 1, 2, 7, 100] {
      let done = Mutex([Int](repeating: 0, count: parts))
      workers.run(parts) { part in done.withLock { $0[part] += 1 } }
      XCTAssertEqual(done.withLock { $0 }, [Int](repeating: 1, count: parts))
    }
  }

  func testPartsAreSharedWithOtherThreads() throws {
    let workers = try WorkerThreads(2, named: "test-shared")
    XCTAssertEqual(workers.count, 3)
    let threads = Mutex(Set<String>())
    workers.run(60) { _ in
      usleep(2000)
      threads.withLock { _ = $0.insert("\(pthread_self())") }
    }
    XCTAssertEqual(threads.withLock { $0.count }, 3)
  }

  func testPartsWithinAPartAreDoneThoughAllThreadsAreBusy() throws {
    let workers = try WorkerThreads(2, named: "test-nested")
    let done = Atomic(0)
    workers.run(8) { _ in workers.run(8) { _ in done.add(1, ordering: .relaxed) } }
    XCTAssertEqual(done.load(ordering: .relaxed), 64)
  }

  func testAJobIsDoneOnAThreadOfThatNameThatYields() throws {
    let workers = try WorkerThreads(1, named: "test-yielding")
    let end = DispatchSemaphore(value: 0)
    let found = Mutex((name: "", niceness: CInt(0), count: 0))
    workers.begin {
      let name = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
      found.withLock {
        $0 = (name ?? "", Self.niceness, workers.count)
      }
      end.signal()
    }
    end.wait()
    XCTAssertEqual(found.withLock { $0.name }, "test-yielding\n")
    XCTAssertGreaterThan(found.withLock { $0.niceness }, Self.niceness)
    XCTAssertEqual(found.withLock { $0.count }, 1, "it is one of them itself")
  }

  func testThreadsComeAsTheyAreNeededAndGoWhenAllIsDone() throws {
    let name = "test-coming"
    let done = Atomic(0)
    do {
      let workers = try WorkerThreads(4, named: name)
      waitForThreads(1, named: name)
      for _ in 0..<40 {
        workers.begin {
          usleep(2000)
          done.add(1, ordering: .relaxed)
        }
      }
      waitForThreads(4, named: name)
    }
    waitForThreads(0, named: name)
    XCTAssertEqual(done.load(ordering: .relaxed), 40)
  }

  func testTheTightestControlGroupLimitsTheThreads() throws {
    let all = Processors.available(root: "/nowhere")
    try XCTSkipIf(all < 2, "a machine of one processor")
    func available(_ cgroup: String, _ mount: String, _ files: [String: String]) throws -> Int {
      let folder = try TemporaryFolder()
      func write(_ text: String, to path: String) throws {
        let url = folder.url.appending(path: path)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: true, encoding: .utf8)
      }
      try write(cgroup, to: "proc/self/cgroup")
      try write(mount, to: "proc/self/mountinfo")
      for (path, text) in files { try write(text, to: path) }
      return Processors.available(root: folder.url.path)
    }
    let unified = "30 1 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n"
    XCTAssertEqual(
      try available(
        "0::/a/b\n", unified,
        ["sys/fs/cgroup/a/cpu.max": "190000 100000\n", "sys/fs/cgroup/a/b/cpu.max": "max 100000\n"]),
      1)
    XCTAssertEqual(
      try available("0::/a\n", unified, ["sys/fs/cgroup/a/cpu.max": "50000 100000\n"]), 1,
      "never none")
    XCTAssertEqual(
      try available("0::/a\n", unified, ["sys/fs/cgroup/a/cpu.max": "9900000 100000\n"]), all)
    XCTAssertEqual(
      try available(
        "0::/box/a\n", "30 1 0:26 /box /run/groups rw - cgroup2 none rw\n",
        ["run/groups/a/cpu.max": "100000 100000\n"]),
      1, "a part of the tree, elsewhere")
    XCTAssertEqual(
      try available(
        "4:memory:/a\n2:cpu,cpuacct:/a\n",
        "33 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n",
        ["cg/cpu/a/cpu.cfs_quota_us": "150000\n", "cg/cpu/a/cpu.cfs_period_us": "100000\n"]),
      1)
    XCTAssertEqual(
      try available(
        "2:cpu:/\n", "33 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu\n",
        ["cg/cpu/cpu.cfs_quota_us": "-1\n", "cg/cpu/cpu.cfs_period_us": "100000\n"]),
      all)
  }

  private static var niceness: CInt { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }

  /// A thread names itself when it runs.
  private func waitForThreads(_ count: Int, named name: String, line: UInt = #line) {
    for _ in 0..<2000 where threads(named: name) != count { usleep(1000) }
    XCTAssertEqual(threads(named: name), count, line: line)
  }

  private func threads(named name: String) -> Int {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    return tasks.count {
      (try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8)) == name + "\n"
    }
  }
}
