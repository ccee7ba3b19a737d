import Glibc
import Synchronization
import SystemPackage
import TexAlloc
import XCTest

@testable import TexAllocAssets

final class PressureTests: XCTestCase {
  /// 128 x 128 pixels: 64 KiB each.
  private static let large: @Sendable (String) -> [UInt8] = { _ in ScriptedDecoder.file(128, 128) }
  /// Room for four of them.
  private static let tight = PoolLimits(firstSlab: 1 << 18, largestSlab: 1 << 18, budget: 1 << 18)

  func testWhatTheBudgetHasNoRoomForWaitsUntilTexturesAreLetGoOf() throws {
    let loader = try LoaderUnderTest(pool: Self.tight, file: Self.large)
    for number in 0..<12 { loader.submit("/disk/\(number)") }
    loader.pollUntilEnded(4)
    for _ in 0..<20 {
      usleep(2000)
      try loader.assets.poll(budget: .milliseconds(1))
    }
    XCTAssertEqual(loader.names.count, 4, "there is no room for more")
    XCTAssertEqual(loader.assets.statistics.failed, 0)
    loader.forget()
    loader.pollUntilEnded(4)
    loader.forget()
    loader.pollUntilEnded(4)
    XCTAssertEqual(loader.assets.statistics.loaded, 12)
    XCTAssertEqual(loader.assets.statistics.failed, 0)
  }

  func testMemoryThatComesBackIsFoundThoughNobodyPolls() throws {
    let loader = try LoaderUnderTest(pool: Self.tight, file: Self.large)
    for number in 0..<5 { loader.submit("/disk/\(number)") }
    loader.pollUntilEnded(4)
    waitUntil { loader.assets.statistics.isShortOfMemory }
    loader.forget()
    waitUntil { loader.assets.statistics.decoded == 1 }
  }

  func testWhatNoWaitingHelpsFails() throws {
    let limits = PoolLimits(firstSlab: 1 << 15, largestSlab: 1 << 15, budget: 1 << 15)
    let loader = try LoaderUnderTest(pool: limits, file: Self.large)
    loader.submit("/disk/large")
    loader.pollUntilEnded(1)
    let error = try XCTUnwrap(loader.error(of: "/disk/large"))
    XCTAssertEqual(error.stage, .allocating)
    guard case .memory = error.reason else { return XCTFail("\(error)") }
  }

  func testNoMoreIsDecodedThanMayWaitForTheDevice() throws {
    var limits = AssetLimits()
    limits.decodedBytes = 128 << 10
    let loader = try LoaderUnderTest(limits: limits, file: Self.large)
    for number in 0..<10 { loader.submit("/disk/\(number)") }
    waitUntil { loader.assets.statistics.decoded == 2 }
    usleep(20_000)
    XCTAssertEqual(loader.assets.statistics.decoded, 2)
    XCTAssertEqual(loader.pool.statistics.slots, 2)
    loader.pollUntilEnded(10)
  }

  func testNoMoreIsReadThanMayWaitForDecoders() throws {
    var limits = AssetLimits()
    limits.encodedBytes = 4 << 20
    let loader = try LoaderUnderTest(limits: limits) { _ in
      ScriptedDecoder.file() + [UInt8](repeating: 0, count: 1 << 20)
    }
    loader.decoder.gate.shut()
    for number in 0..<40 { loader.submit("/disk/\(number)") }
    waitUntil { loader.decoder.gate.waiting == 1 }
    usleep(50_000)
    let statistics = loader.assets.statistics
    XCTAssertEqual(statistics.reading, 0)
    // Four files are opened before any of them says how large it is.
    XCTAssertLessThanOrEqual(statistics.encodedBytes, 8 << 20)
    XCTAssertGreaterThan(statistics.queued, 30)
    loader.decoder.gate.open()
    loader.pollUntilEnded(40)
    XCTAssertEqual(loader.assets.statistics.encodedBytes, 0)
  }

  func testFilesAreReadIntoTheMemoryOfThoseBefore() throws {
    var limits = AssetLimits()
    limits.reads = 2
    let loader = try LoaderUnderTest(limits: limits) { name in
      ScriptedDecoder.file() + [UInt8](repeating: 0, count: 300_000 + name.utf8.count)
    }
    for number in 0..<10 { loader.submit("/disk/\(number)") }
    loader.pollUntilEnded(10)
    for number in 10..<200 {
      loader.submit("/disk/\(number)")
      if number.isMultiple(of: 5) { loader.pollUntilEnded(number + 1) }
    }
    loader.pollUntilEnded(200)
    XCTAssertEqual(loader.assets.statistics.loaded, 200)
    XCTAssertLessThanOrEqual(loader.assets.engine.memory.takenAnew, 10)
  }

  func testAFileLargerThanTheLimitIsAnError() throws {
    var limits = AssetLimits()
    limits.fileBytes = 100
    let loader = try LoaderUnderTest(limits: limits) { _ in [UInt8](repeating: 0, count: 101) }
    loader.submit("/disk/large")
    loader.pollUntilEnded(1)
    let error = try XCTUnwrap(loader.error(of: "/disk/large"))
    XCTAssertEqual(
      "\(error)", "/disk/large: bytes of the file: 101 or more; the limit is 100")
    XCTAssertEqual(error.stage, .reading)
  }

  func testAFileSystemThatHangsStopsNoOther() throws {
    let loader = try LoaderUnderTest()
    loader.disk.shut { $0.hasPrefix("/hung/") }
    for number in 0..<20 { loader.submit("/hung/\(number)", .visible) }
    for number in 0..<20 { loader.submit("/disk/\(number)") }
    loader.poll { loader.names.count { $0.hasPrefix("/disk/") } == 20 }
    XCTAssertEqual(loader.disk.waiting, 4)
    XCTAssertEqual(loader.names.count, 20)
    loader.disk.open()
    loader.pollUntilEnded(40)
  }

  func testTenThousandWaitAndTwoHundredChange() throws {
    let loader = try LoaderUnderTest()
    loader.disk.shut()
    let loads = (0..<10_000).map { loader.submit("/disk/\($0)") }
    loader.assets.prioritize(loads.suffix(100).map { ($0, .visible) })
    loader.assets.prioritize(loads.prefix(100).map { ($0, .past) })
    loader.assets.cancel(Array(loads[50..<9950]))
    loader.disk.open()
    loader.pollUntilEnded(10_000)
    let order = loader.decoder.decoded.withLock { $0 }.compactMap { Int($0.dropFirst(6)) }
    XCTAssertEqual(order.count, 100)
    // Four were with the disk already.
    XCTAssertTrue(Set(order.prefix(54)).isSuperset(of: 9950..<10_000))
    XCTAssertEqual(loader.assets.statistics.cancelled, 9900)
  }

  func testAfterALossWhatIsDecodedWaitsForTheNextDevice() throws {
    let loader = try LoaderUnderTest()
    let load = loader.submit("/disk/photo")
    waitUntil { load.state == .decoded }
    loader.device.isLost.store(true, ordering: .relaxed)
    XCTAssertThrowsError(try loader.assets.poll(budget: .milliseconds(1))) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .lost)
    }
    XCTAssertEqual(load.state, .decoded)
    let next = PlainDevice()
    let pool = try TexturePool(for: [next, loader.decoder], from: [MemfdHeap()])
    loader.assets.goOn(with: next, pool: pool)
    loader.pollUntilEnded(1)
    XCTAssertEqual(loader.assets.statistics.loaded, 1)
    XCTAssertEqual(next.registered.load(ordering: .relaxed), 1)
    XCTAssertEqual(loader.decoder.opened.withLock { $0.count }, 1, "its memory is nobody's own")
  }

  func testAPollThatToldSomebodyBeforeTheLossSaysSo() throws {
    let loader = try LoaderUnderTest()
    let device = loader.device
    for number in 0..<2 {
      loader.assets.submit(AssetRequest(FilePath("/disk/\(number)"))) { result in
        device.isLost.store(true, ordering: .relaxed)
        loader.note("\(number)", result)
      }
    }
    waitUntil { loader.assets.statistics.decoded == 2 }
    let poll = try loader.assets.poll(budget: .seconds(60))
    XCTAssertEqual(poll.ended, 1)
    XCTAssertTrue(poll.isMoreToDo)
    XCTAssertEqual(loader.names.count, 1)
    XCTAssertThrowsError(try loader.assets.poll(budget: .seconds(60)))
  }

  func testALoopSleepsWhileALostDeviceRefusesItsPolls() throws {
    let loader = try LoaderUnderTest()
    func isReadable() -> Bool {
      var request = pollfd(
        fd: loader.assets.wakeUp.rawValue, events: Int16(POLLIN), revents: 0)
      return unsafe Glibc.poll(&request, 1, 0) == 1
    }
    loader.submit("/disk/photo")
    waitUntil { loader.assets.statistics.decoded == 1 }
    XCTAssertTrue(isReadable())
    loader.device.isLost.store(true, ordering: .relaxed)
    XCTAssertThrowsError(try loader.assets.poll(budget: .zero))
    XCTAssertFalse(isReadable())
    loader.submit("/disk/other")
    waitUntil { loader.assets.statistics.decoded == 2 }
    XCTAssertFalse(isReadable())
    let next = PlainDevice()
    let pool = try TexturePool(for: [next, loader.decoder], from: [MemfdHeap()])
    loader.assets.goOn(with: next, pool: pool)
    XCTAssertTrue(isReadable())
    loader.pollUntilEnded(2)
  }

  func testATextureOfALostDeviceIsMadeAgainOfItsBuffer() throws {
    let loader = try LoaderUnderTest()
    loader.submit("/disk/photo")
    loader.pollUntilEnded(1)
    let lost = try XCTUnwrap(loader.ended.withLock { $0.first }).result.get()
    let next = PlainDevice()
    let pool = try TexturePool(for: [next, loader.decoder], from: [MemfdHeap()])
    loader.assets.goOn(with: next, pool: pool)
    loader.assets.submit(lost) { loader.note("again", $0) }
    loader.pollUntilEnded(2)
    let again = try XCTUnwrap(loader.ended.withLock { $0.last }).result.get()
    XCTAssertTrue(again.texture.buffer === lost.texture.buffer)
    XCTAssertTrue(again.texture !== lost.texture)
    XCTAssertEqual(loader.decoder.opened.withLock { $0.count }, 1)
  }
}
