import Dispatch
import Glibc
import XCTest

@testable import TexAllocEGL

/// Who calls a driver while the process ends.
final class DriverCallsTests: XCTestCase {
  func testTheEndWaitsForACallUnderWay() {
    let (calls, isOver) = (DriverCalls(), DispatchSemaphore(value: 0))
    beginCall(of: calls) {
      usleep(100_000)
      isOver.signal()
    }
    calls.endWithProcess(after: .seconds(60))
    XCTAssertEqual(isOver.wait(timeout: .now()), .success)
  }

  func testAllWaitsTogetherAreNoLongerThanTheFirst() {
    let (calls, canEnd) = (DriverCalls(), DispatchSemaphore(value: 0))
    beginCall(of: calls) { canEnd.wait() }
    let start = ContinuousClock.now
    calls.endWithProcess(after: .milliseconds(50))
    XCTAssertGreaterThanOrEqual(.now - start, .milliseconds(50))
    calls.endWithProcess(after: .seconds(600))
    XCTAssertLessThan(.now - start, .seconds(300))
    canEnd.signal()
  }

  func testNoneBeginsThenButForTheThreadThatEndsTheProcess() {
    let calls = DriverCalls()
    // It is in a call itself.
    XCTAssertTrue(calls.begin(for: nil))
    calls.endWithProcess(after: .seconds(600))
    calls.end()
    let (ender, isOver) = (pthread_self(), DispatchSemaphore(value: 0))
    DispatchQueue.global().async {
      XCTAssertFalse(calls.begin(for: nil))
      XCTAssertFalse(calls.begin(for: pthread_self()))
      XCTAssertTrue(calls.begin(for: ender))
      calls.end()
      isOver.signal()
    }
    isOver.wait()
  }

  /// Has another thread make one call, which is under way on return.
  private func beginCall(of calls: DriverCalls, _ body: @escaping @Sendable () -> Void) {
    let hasBegun = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
      XCTAssertTrue(calls.begin(for: nil))
      hasBegun.signal()
      body()
      calls.end()
    }
    hasBegun.wait()
  }
}
