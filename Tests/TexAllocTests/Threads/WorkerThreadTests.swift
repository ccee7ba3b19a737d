import Foundation
import Synchronization
import TestSupport
import TexAlloc
import XCTest

final class WorkerThreadTests: XCTestCase {
  private struct Failure: Error {}

  func testJobsAreDoneInOrderOnAThreadOfThatName() throws {
    let thread = try WorkerThread(named: "test-in-order")
    let numbers = Mutex<[Int]>([])
    for number in 0..<100 { thread.begin { numbers.withLock { $0.append(number) } } }
    let name = thread.run { Self.nameOfThisThread() }
    XCTAssertEqual(numbers.withLock { $0 }, Array(0..<100))
    XCTAssertEqual(name, "test-in-order")
    XCTAssertNotEqual(Self.nameOfThisThread(), name)
  }

  func testAJobThatFailsTellsTheOneThatWaits() throws {
    let thread = try WorkerThread(named: "test-failing")
    XCTAssertThrowsError(try thread.run { () throws(Failure) -> Int in throw Failure() })
    XCTAssertEqual(thread.run { 7 }, 7)
  }

  func testAJobWithinAJobIsDoneAtOnce() throws {
    let thread = try WorkerThread(named: "test-nested")
    XCTAssertTrue(thread.run { thread.run { thread.isCurrent } })
    XCTAssertFalse(thread.isCurrent)
  }

  func testItEndsWhenItIsLetGoOfAndAllIsDone() throws {
    let done = Atomic(0)
    do {
      let thread = try WorkerThread(named: "test-ending")
      for _ in 0..<10 {
        thread.begin {
          usleep(1000)
          done.add(1, ordering: .relaxed)
        }
      }
    }
    for _ in 0..<1000 where Self.names().contains("test-ending") { usleep(5000) }
    XCTAssertFalse(Self.names().contains("test-ending"))
    XCTAssertEqual(done.load(ordering: .relaxed), 10)
  }

  func testAProcessEndsWhenThreadsThatLeaveAreGone() throws {
    let run = try ProgramRun("endingprocess", ["leaving"])
    XCTAssertEqual(run.status, 0, run.complaint)
    XCTAssertEqual(run.output, "over\n")
  }

  func testNoThreadLeavesWhenTheProcessIsEnding() throws {
    let run = try ProgramRun("endingprocess", ["busy"])
    XCTAssertEqual(run.status, 0, run.complaint)
    XCTAssertEqual(run.output, "notBegun\n")
  }

  private static func nameOfThisThread() -> String { name(in: "/proc/thread-self/comm") ?? "" }

  private static func names() -> [String] {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    return tasks.compactMap { name(in: "/proc/self/task/\($0)/comm") }
  }

  private static func name(in file: String) -> String? {
    try? String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .newlines)
  }
}
