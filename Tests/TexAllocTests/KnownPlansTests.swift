import Synchronization
import XCTest

@testable import TexAlloc

final class KnownPlansTests: XCTestCase {
  func testKindsOfImagesAreKnownTheLastUsedFirst() throws {
    let pool = try TexturePool(for: [FakeDevice()], from: [MemfdHeap()])
    for number in [1, 2, 3, 1] { _ = try pool.allocate(image(number)) }
    XCTAssertEqual(pool.plans.map(\.attributes.minBuffers), [1, 3, 2])
  }

  func testOfMoreKindsThanAreKeptThoseUnusedForLongestAreForgotten() throws {
    let device = CountingDevice()
    let pool = try TexturePool(for: [device], from: [MemfdHeap()])
    for number in 1...KnownPlans.limit { _ = try pool.allocate(image(number)) }
    XCTAssertEqual(device.checks, KnownPlans.limit)
    _ = try pool.allocate(image(1))
    XCTAssertEqual(device.checks, KnownPlans.limit, "it is known")
    _ = try pool.allocate(image(KnownPlans.limit + 1))
    _ = try pool.allocate(image(1))
    XCTAssertEqual(device.checks, KnownPlans.limit + 1, "it was used")
    _ = try pool.allocate(image(2))
    XCTAssertEqual(device.checks, KnownPlans.limit + 2, "it was not")
    XCTAssertEqual(pool.plans.count, KnownPlans.limit)
  }

  func testFlagsThatGiveNobodyElseASayMakeNoOtherPlan() throws {
    let device = CountingDevice()
    let pool = try TexturePool(for: [device], from: [MemfdHeap()])
    var camera = image(1)
    camera.writer.deviceUsage = [.capture]
    let usage: [AllocationFlags] = [
      .texture, [.texture, .zeroed], [.texture, .dedicated], [.texture, .exportable],
      [.texture, .capture],
    ]
    for flags in usage { _ = try pool.allocate(camera, for: flags) }
    XCTAssertEqual(device.checks, 1)
    XCTAssertEqual(pool.plans.count, 1)
    _ = try pool.allocate(camera, for: [.texture, .cpuRead])
    XCTAssertEqual(pool.plans.count, 2, "a reader has a say")
  }

  func testACopyOfADescriptorIsOfTheSameKindAndAChangedOneIsNot() throws {
    let pool = try TexturePool(for: [FakeDevice()], from: [MemfdHeap()])
    var copy = image(1)
    _ = try pool.allocate(image(1))
    _ = try pool.allocate(copy)
    XCTAssertEqual(pool.plans.count, 1)
    XCTAssertEqual(copy, image(1))
    copy.writer.minBuffers = 2
    XCTAssertNotEqual(copy, image(1))
    _ = try pool.allocate(copy)
    XCTAssertEqual(pool.plans.map(\.attributes.minBuffers), [2, 1])
  }

  /// One of a kind of its own for each number.
  private func image(_ number: Int) -> ImageDescriptor {
    var image = ImageDescriptor(width: 4, height: 4, formats: [.abgr8888])
    image.writer.minBuffers = number
    return image
  }
}

/// A device that is asked to check one image of each kind.
private final class CountingDevice: Registrar {
  let attributes = BufferAttributes(name: "device") { $0.deviceUsage = [.sample] }
  private let count = Atomic(0)

  var checks: Int { count.load(ordering: .relaxed) }

  func check(_ trial: TextureBuffer, on route: Route) throws(RegistrationRefused) {
    count.add(1, ordering: .relaxed)
  }

  func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> FakeDevice.Handle {
    FakeDevice.Handle(buffer)
  }
}
