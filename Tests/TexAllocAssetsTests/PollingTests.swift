import Foundation
import SystemPackage
import Synchronization
import TexAlloc
import XCTest

@testable import TexAllocAssets

final class PollingTests: XCTestCase {
  func testAFileBecomesATextureByAPoll() throws {
    let loader = try LoaderUnderTest()
    let load = loader.submit("/disk/photo")
    loader.pollUntilEnded(1)
    let (_, result) = try XCTUnwrap(loader.ended.withLock { $0.first })
    let photo = try result.get()
    XCTAssertEqual(photo.header.size, ImageSize(width: 16, height: 16))
    XCTAssertEqual(photo.header.orientation, .turnedRight)
    XCTAssertEqual(photo.texture.buffer.name, "photo")
    XCTAssertEqual(load.state, .ended)
    XCTAssertGreaterThan(photo.times.decoding, .zero)
    XCTAssertEqual(loader.assets.statistics.loaded, 1)
    XCTAssertEqual(loader.assets.statistics.underWay, 0)
  }

  func testNothingIsCalledButByAPollOnItsThread() throws {
    let loader = try LoaderUnderTest()
    let thread = Atomic<UInt>(0)
    loader.assets.submit("/disk/photo") { _ in
      thread.store(UInt(pthread_self()), ordering: .relaxed)
    }
    waitUntil { loader.assets.statistics.decoded == 1 }
    XCTAssertEqual(thread.load(ordering: .relaxed), 0)
    try loader.assets.poll(budget: .milliseconds(1))
    XCTAssertEqual(thread.load(ordering: .relaxed), UInt(pthread_self()))
  }

  func testOrientationIsToldOnlyWhereItIsWanted() throws {
    let loader = try LoaderUnderTest()
    var request = AssetRequest("/disk/photo")
    request.isOriented = false
    loader.submit(request)
    loader.pollUntilEnded(1)
    let photo = try XCTUnwrap(loader.ended.withLock { $0.first }).result.get()
    XCTAssertEqual(photo.header.orientation, .upright)
  }

  func testBytesAndDescriptorsBecomeTextures() throws {
    let loader = try LoaderUnderTest()
    loader.submit(AssetRequest(ImageSource(ScriptedDecoder.file(), named: "bytes")))
    let folder = FilePath(NSTemporaryDirectory()).appending("texalloc-\(UUID())")
    let file = OwnedDescriptor(
      owning: try FileDescriptor.open(
        folder, .readWrite, options: [.create], permissions: .ownerReadWrite))
    unsafe unlink(folder.string)
    try file.descriptor.writeAll(ScriptedDecoder.file())
    loader.submit(AssetRequest(try ImageSource(file, named: "descriptor")))
    loader.pollUntilEnded(2)
    XCTAssertEqual(Set(loader.names), ["bytes", "descriptor"])
    XCTAssertEqual(loader.assets.statistics.loaded, 2)
  }

  func testTheMostUrgentGoesFirstAndPrioritiesChangeWhileQueued() throws {
    let loader = try LoaderUnderTest()
    loader.decoder.gate.shut()
    loader.submit("/disk/first")
    waitUntil { loader.decoder.gate.waiting == 1 }
    let loads = (0..<6).map { loader.submit("/disk/\($0)") }
    waitUntil { loader.assets.statistics.read == 6 }
    loader.submit("/disk/urgent", .visible)
    waitUntil { loader.assets.statistics.read == 7 }
    loader.assets.prioritize([(loads[4], .visible), (loads[0], .past), (loads[2], .visible)])
    XCTAssertEqual(loads[4].priority, .visible)
    loader.decoder.gate.open()
    loader.pollUntilEnded(8)
    let order = loader.decoder.decoded.withLock { $0 }.map { $0.dropFirst(6) }
    XCTAssertEqual(order, ["first", "urgent", "4", "2", "1", "3", "5", "0"])
  }

  func testAPollEndsWhenItsBudgetIsSpentAndDoesOneThingInAnyCase() throws {
    let loader = try LoaderUnderTest()
    for number in 0..<5 { loader.submit("/disk/\(number)") }
    waitUntil { loader.assets.statistics.decoded == 5 }
    loader.device.cost.store(3000, ordering: .relaxed)
    let first = try loader.assets.poll(budget: .zero)
    XCTAssertEqual(first.ended, 1)
    XCTAssertTrue(first.isMoreToDo)
    let second = try loader.assets.poll(budget: .milliseconds(5))
    XCTAssertEqual(second.ended, 1, "a second would not be done in time")
    let third = try loader.assets.poll(budget: .seconds(1))
    XCTAssertEqual(third.ended, 3)
    XCTAssertFalse(third.isMoreToDo)
  }

  func testTheDescriptorIsReadableWhileThereIsSomethingToDo() throws {
    let loader = try LoaderUnderTest()
    func isReadable(_ patience: CInt) -> Bool {
      var request = pollfd(
        fd: loader.assets.wakeUp.rawValue, events: Int16(POLLIN), revents: 0)
      return unsafe Glibc.poll(&request, 1, patience) == 1
    }
    XCTAssertFalse(isReadable(0))
    for number in 0..<2 { loader.submit("/disk/\(number)") }
    XCTAssertTrue(isReadable(5000))
    waitUntil { loader.assets.statistics.decoded == 2 }
    try loader.assets.poll(budget: .zero)
    XCTAssertTrue(isReadable(0), "there is another")
    try loader.assets.poll(budget: .zero)
    XCTAssertFalse(isReadable(0))
    loader.decoder.gate.shut()
    loader.submit("/disk/cancelled").cancel()
    XCTAssertTrue(isReadable(0), "somebody is to be told")
    loader.decoder.gate.open()
  }

  func testEqualRequestsAreOne() throws {
    let loader = try LoaderUnderTest()
    loader.decoder.gate.shut()
    let loads = (0..<4).map { _ in loader.submit("/disk/same") }
    var other = AssetRequest("/disk/same")
    other.decoding.appliesProfile = true
    loader.submit(other)
    loads[1].cancel()
    loader.decoder.gate.open()
    loader.pollUntilEnded(5)
    XCTAssertEqual(loader.decoder.opened.withLock { $0.count }, 2)
    XCTAssertEqual(loader.device.registered.load(ordering: .relaxed), 2)
    XCTAssertEqual(loader.assets.statistics.joined, 3)
    let textures = loader.ended.withLock { $0.compactMap { try? $0.result.get().texture } }
    XCTAssertEqual(textures.count, 4)
    XCTAssertEqual(Set(textures.map(ObjectIdentifier.init)).count, 2)
  }

  func testOfEqualRequestsTheMostUrgentDecides() throws {
    let loader = try LoaderUnderTest()
    loader.decoder.gate.shut()
    loader.submit("/disk/first")
    waitUntil { loader.decoder.gate.waiting == 1 }
    loader.submit("/disk/b")
    loader.submit("/disk/a", .ahead)
    let urgent = loader.submit("/disk/a", .visible)
    loader.submit("/disk/c")
    waitUntil { loader.assets.statistics.read == 3 }
    loader.decoder.gate.open()
    loader.pollUntilEnded(5)
    XCTAssertEqual(
      loader.decoder.decoded.withLock { $0 }, ["/disk/first", "/disk/a", "/disk/b", "/disk/c"])
    XCTAssertEqual(urgent.state, .ended)
  }

  func testClosingEndsEverythingOnceWhoeverHoldsTheLoader() throws {
    let loader = try LoaderUnderTest()
    loader.decoder.gate.shut()
    for number in 0..<3 { loader.submit("/disk/\(number)") }
    waitUntil { loader.decoder.gate.waiting == 1 }
    loader.assets.close()
    XCTAssertEqual(loader.names.count, 3)
    for name in loader.names { XCTAssertEqual(loader.error(of: name)?.reason, .closed) }
    loader.assets.close()
    loader.submit("/disk/late")
    loader.decoder.gate.open()
    loader.pollUntilEnded(4)
    XCTAssertEqual(loader.error(of: "/disk/late")?.reason, .closed)
    XCTAssertEqual(loader.names.count, 4)
  }

  func testLettingGoOfTheLoaderEndsEverythingOnce() throws {
    let ended = Mutex<[Result<LoadedTexture<PlainDevice.Handle>, AssetError>]>([])
    let gate: Gate
    do {
      let loader = try LoaderUnderTest()
      gate = loader.decoder.gate
      gate.shut()
      for number in 0..<20 {
        loader.assets.submit(AssetRequest(FilePath("/disk/\(number)"))) { result in
          ended.withLock { $0.append(result) }
        }
      }
      waitUntil { gate.waiting == 1 }
    }
    XCTAssertEqual(ended.withLock { $0.count }, 20)
    gate.open()
    for result in ended.withLock({ $0 }) {
      XCTAssertThrowsError(try result.get()) {
        XCTAssertEqual(($0 as? AssetError)?.reason, .closed)
      }
    }
  }
}
