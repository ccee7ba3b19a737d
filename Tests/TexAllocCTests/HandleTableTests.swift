import CTexAlloc
import Dispatch
import Synchronization
import XCTest

@testable import TexAllocC

final class HandleTableTests: XCTestCase {
  private final class Thing: Sendable {
    private let onEnd: @Sendable () -> Void
    let number: Int

    init(_ number: Int = 0, onEnd: @escaping @Sendable () -> Void = {}) {
      self.number = number
      self.onEnd = onEnd
    }

    deinit { onEnd() }
  }

  private func misuse(_ body: () throws -> Void) -> texalloc_status? {
    do {
      try body()
      return nil
    } catch { return (error as? Misuse)?.status }
  }

  // Nothing follows them, and numbers are Sendable.
  @safe private static func number(_ handle: OpaquePointer?) -> UInt { UInt(bitPattern: handle) }

  @safe private static func pointer(_ handle: UInt) -> OpaquePointer? {
    unsafe OpaquePointer(bitPattern: handle)
  }

  func testFullTableRefusesUntilAHandleIsReleased() throws {
    let table = HandleTable<Thing>(of: .buffer, limit: 200)
    var handles: [UInt] = []
    for number in 0..<200 { handles.append(Self.number(try table.insert(Thing(number)))) }
    XCTAssertEqual(misuse { _ = try table.insert(Thing()) }, TEXALLOC_OUT_OF_MEMORY)
    for number in 0..<200 {
      XCTAssertEqual(try table.find(Self.pointer(handles[number])).number, number)
    }
    try table.release(Self.pointer(handles[77]))
    let newest = try table.insert(Thing(1000))
    XCTAssertEqual(misuse { _ = try table.insert(Thing()) }, TEXALLOC_OUT_OF_MEMORY)
    XCTAssertEqual(try table.find(newest).number, 1000)
    XCTAssertEqual(
      misuse { _ = try table.find(Self.pointer(handles[77])) }, TEXALLOC_INVALID_HANDLE)
    XCTAssertEqual(
      misuse { try table.release(Self.pointer(handles[77])) }, TEXALLOC_INVALID_HANDLE)
  }

  func testHandleOfAnotherKindIsRefused() throws {
    let buffers = HandleTable<Thing>(of: .buffer)
    let pools = HandleTable<Thing>(of: .pool)
    let handle = try buffers.insert(Thing())
    _ = try pools.insert(Thing())
    XCTAssertEqual(misuse { _ = try pools.find(handle) }, TEXALLOC_INVALID_HANDLE)
    XCTAssertEqual(misuse { _ = try pools.find(nil) }, TEXALLOC_INVALID_HANDLE)
    XCTAssertNil(misuse { try pools.release(nil) })
  }

  func testWhatIsInUseEndsAfterItsLastUse() throws {
    let hasEnded = Atomic(false)
    let table = HandleTable<Thing>(of: .buffer)
    let handle = try table.insert(Thing { hasEnded.store(true, ordering: .relaxed) })
    try table.use(handle) { thing in
      try table.release(handle)
      XCTAssertEqual(misuse { _ = try table.find(handle) }, TEXALLOC_INVALID_HANDLE)
      XCTAssertFalse(hasEnded.load(ordering: .relaxed))
      // The entry is not given to anyone else meanwhile.
      let other = try table.insert(Thing(1))
      XCTAssertEqual(thing.number, 0)
      try table.release(other)
    }
    XCTAssertTrue(hasEnded.load(ordering: .relaxed))
  }

  func testReleasingAllEndsEachOnce() throws {
    let ended = Atomic(0)
    let table = HandleTable<Thing>(of: .buffer)
    for number in 0..<300 {
      let handle = try table.insert(Thing { ended.add(1, ordering: .relaxed) })
      if number % 3 == 0 { try table.release(handle) }
    }
    let told = Atomic(0)
    table.releaseAll { _ in told.add(1, ordering: .relaxed) }
    XCTAssertEqual(told.load(ordering: .relaxed), 200)
    XCTAssertEqual(ended.load(ordering: .relaxed), 300)
  }

  /// Threads that look each other's handles up while those are released and given again.
  func testNoHandleIsTakenForAnotherByThreadsAtOnce() throws {
    let (threads, turns, places) = (4, 20_000, 8)
    let born = Atomic(0)
    let ended = Atomic(0)
    let wrong = Atomic(0)
    let table = HandleTable<Thing>(of: .buffer)
    // What was put there last, by number and handle.
    let board = Mutex([(number: Int, handle: UInt)?](repeating: nil, count: places))
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      for turn in 0..<turns {
        let place = (turn / 2 + thread) % places
        if turn % 2 == 0 {
          let number = thread * turns + turn
          born.add(1, ordering: .relaxed)
          let handle = try? table.insert(Thing(number) { ended.add(1, ordering: .relaxed) })
          let new = (number, unsafe Self.number(handle ?? nil))
          let before = board.withLock { board in
            defer { board[place] = new }
            return board[place]
          }
          guard let before else { continue }
          if (try? table.release(Self.pointer(before.handle))) == nil {
            wrong.add(1, ordering: .relaxed)
          }
        } else if let seen = board.withLock({ $0[place] }) {
          // It may have been released meanwhile.
          let number = try? table.use(Self.pointer(seen.handle)) { $0.number }
          if number ?? seen.number != seen.number { wrong.add(1, ordering: .relaxed) }
        }
      }
    }
    table.releaseAll()
    XCTAssertEqual(wrong.load(ordering: .relaxed), 0)
    XCTAssertEqual(ended.load(ordering: .relaxed), born.load(ordering: .relaxed))
  }
}
