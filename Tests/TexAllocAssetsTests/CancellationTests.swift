import Synchronization
import SystemPackage
import TestSupport
import TexAlloc
import XCTest

@testable import TexAllocAssets

final class CancellationTests: XCTestCase {
  func testWhatIsQueuedIsNeverRead() throws {
    var limits = AssetLimits()
    limits.reads = 1
    let loader = try LoaderUnderTest(limits: limits)
    loader.disk.shut()
    loader.submit("/disk/first")
    let queued = loader.submit("/disk/queued")
    waitUntil { loader.disk.waiting == 1 }
    XCTAssertEqual(queued.state, .queued)
    queued.cancel()
    queued.cancel()
    XCTAssertEqual(queued.state, .ended)
    loader.disk.open()
    loader.pollUntilEnded(2)
    XCTAssertEqual(loader.openCount, 1)
    XCTAssertEqual(
      loader.error(of: "/disk/queued"), AssetError("/disk/queued", .queued, .cancelled))
  }

  func testWhatIsBeingReadIsNotDecoded() throws {
    let loader = try LoaderUnderTest()
    loader.disk.shut()
    let load = loader.submit("/disk/photo")
    waitUntil { loader.disk.waiting == 1 }
    load.cancel()
    loader.pollUntilEnded(1)
    XCTAssertEqual(loader.error(of: "/disk/photo")?.stage, .reading)
    loader.disk.open()
    waitUntil { loader.assets.statistics.reading == 0 }
    XCTAssertEqual(loader.decoder.opened.withLock { $0 }, [])
    XCTAssertEqual(loader.assets.statistics.encodedBytes, 0)
  }

  func testWhatIsBeingDecodedStopsAtTheNextRowAndItsSlotComesBack() throws {
    let loader = try LoaderUnderTest()
    loader.decoder.gate.shut()
    let load = loader.submit("/disk/photo")
    waitUntil { loader.decoder.gate.waiting == 1 }
    XCTAssertEqual(loader.pool.statistics.slots, 1)
    load.cancel()
    loader.decoder.gate.open()
    loader.pollUntilEnded(1)
    waitUntil { loader.pool.statistics.slots == 0 }
    XCTAssertEqual(loader.decoder.rows.load(ordering: .relaxed), 0)
    waitUntil { loader.assets.statistics.decodedBytes == 0 }
  }

  func testWhatIsDecodedIsNotRegistered() throws {
    let loader = try LoaderUnderTest()
    let load = loader.submit("/disk/photo")
    waitUntil { load.state == .decoded }
    load.cancel()
    loader.pollUntilEnded(1)
    XCTAssertEqual(loader.device.registered.load(ordering: .relaxed), 0)
    XCTAssertEqual(loader.pool.statistics.slots, 0)
    XCTAssertEqual(loader.assets.statistics.decodedBytes, 0)
  }

  func testWhatAnotherWantsGoesOn() throws {
    let loader = try LoaderUnderTest()
    loader.decoder.gate.shut()
    let first = loader.submit("/disk/same")
    let second = loader.submit("/disk/same")
    waitUntil { loader.decoder.gate.waiting == 1 }
    first.cancel()
    loader.decoder.gate.open()
    loader.pollUntilEnded(2)
    XCTAssertEqual(first.state, .ended)
    XCTAssertEqual(second.state, .ended)
    XCTAssertEqual(loader.assets.statistics.loaded, 1)
    XCTAssertEqual(loader.assets.statistics.cancelled, 1)
  }

  func testAnEqualRequestAfterACancelledOneBeginsAnew() throws {
    let loader = try LoaderUnderTest()
    loader.decoder.gate.shut()
    let first = loader.submit("/disk/same")
    waitUntil { loader.decoder.gate.waiting == 1 }
    first.cancel()
    loader.submit("/disk/same")
    loader.decoder.gate.open()
    loader.pollUntilEnded(2)
    XCTAssertEqual(loader.assets.statistics.loaded, 1)
    XCTAssertEqual(loader.decoder.opened.withLock { $0.count }, 2)
  }

  /// From several threads, at any stage.
  func testEveryRequestOfAStormEndsOnceAndNothingIsLeft() throws {
    let before = try memoryDescriptors()
    do {
      let loader = try LoaderUnderTest(threads: 3) { name in
        ScriptedDecoder.file(32, 64, isSound: !name.hasSuffix("7"))
      }
      let count = 3000
      let loads = LoadList()
      let workers = try WorkerThreads(3, named: "test-storm")
      // This thread takes parts, too, and nobody polls meanwhile.
      workers.run(12) { part in
        var random = SplitMix64(seed: UInt64(part))
        for number in 0..<count / 12 {
          loads.append(
            loader.submit("/disk\(part % 3)/\(Int.random(in: 0..<2000, using: &random))"))
          if number % 3 == 0 { loads.random(by: &random)?.cancel() }
          if number % 5 == 0 { loads.random(by: &random)?.priority = .visible }
        }
      }
      loader.pollUntilEnded(count)
      usleep(20_000)
      _ = try loader.assets.poll(budget: .seconds(1))
      let statistics = loader.assets.statistics
      XCTAssertEqual(loader.names.count, count)
      XCTAssertEqual(statistics.loaded + statistics.failed + statistics.cancelled, count)
      XCTAssertGreaterThan(statistics.cancelled, 0)
      XCTAssertGreaterThan(statistics.failed, 0)
      waitUntil { loader.assets.statistics.underWay == 0 }
      loader.forget()
      waitUntil { loader.pool.statistics.slots == 0 }
      XCTAssertEqual(loader.assets.statistics.encodedBytes, 0)
      XCTAssertEqual(loader.assets.statistics.decodedBytes, 0)
    }
    // Those of tests before may go meanwhile.
    try waitUntil { try memoryDescriptors().isSubset(of: before) }
  }
}

/// Loads that several threads take from.
private final class LoadList: Sendable {
  private let loads = Mutex<[AssetLoad]>([])

  func append(_ load: AssetLoad) { loads.withLock { $0.append(load) } }

  func random(by random: inout SplitMix64) -> AssetLoad? {
    let number = Int.random(in: 0..<Int.max, using: &random)
    return loads.withLock { $0.isEmpty ? nil : $0[number % $0.count] }
  }
}
