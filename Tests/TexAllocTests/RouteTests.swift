import Synchronization
import SystemPackage
import TexAlloc
import XCTest

/// How a pool finds the route of each kind of image.
final class RouteTests: XCTestCase {
  private let photograph = ImageDescriptor(width: 300, height: 200, formats: [.abgr8888])
  private let glyphs = ImageDescriptor(width: 256, height: 256, formats: [.r8])
  private let memory = FakeHeap("memory")
  private let own = FakeHeap("own")

  func testADeviceThatImportsOneFormatAndCopiesOthersHasBothInOnePool() throws {
    let device = FakeDevice(offers: [
      .imported: .fake { $0.formats = [Format(.r8)] },
      .transferred: .fake(heaps: [own]) { $0.heaps = ["own"] },
    ])
    let pool = try TexturePool(for: [device], from: [memory])
    XCTAssertEqual(pool.statistics.slabs, 0)
    let page = try pool.allocate(glyphs)
    XCTAssertEqual(page.route, .imported)
    XCTAssertEqual(page.heap, "memory")
    XCTAssertNil(page.plan?.obstacle)
    let photo = try pool.allocate(photograph)
    XCTAssertEqual(photo.route, .transferred)
    XCTAssertEqual(photo.heap, "own")
    XCTAssertEqual(
      photo.plan?.obstacle,
      "not imported: conflict in formats: application accepts only AB24;"
        + " device accepts only R8  ")
    XCTAssertEqual(pool.statistics.slabs, 2)
    XCTAssertEqual(Set(pool.snapshot.slabs.map(\.heap)), ["memory", "own"])
  }

  func testAnEmptyListLeadsToTheNextRoute() throws {
    let offers = [
      RouteOffer.fake { $0.formats = [] }, .fake { $0.heaps = [] }, .fake { $0.caching = [] },
    ]
    for offer in offers {
      let device = FakeDevice(offers: [.imported: offer, .uploaded: .fake()])
      let pool = try TexturePool(for: [device], from: [memory])
      XCTAssertEqual(try pool.allocate(photograph).route, .uploaded)
    }
  }

  func testAHeapThatShowsOtherPixelsLeadsToTheNextRoute() throws {
    let device = FakeDevice(refusing: "memory", offers: [.uploaded: .fake()])
    let buffer = try TexturePool(for: [device], from: [memory]).allocate(photograph)
    XCTAssertEqual(buffer.route, .uploaded)
    XCTAssertEqual(
      buffer.plan?.obstacle,
      "not imported: no heap: memory: device refused the buffer: pixels: wanted those written,"
        + " held others; not transferred: device: it does not")
  }

  func testAllWhoTouchAnImageAgreeOnItsRoute() throws {
    let first = FakeDevice("first", offers: [.uploaded: .fake("first")])
    let second = FakeDevice("second", offers: [.uploaded: .fake("second")]) {
      $0.heaps = ["elsewhere"]
    }
    let pool = try TexturePool(for: [first, second], from: [memory])
    XCTAssertEqual(try pool.allocate(photograph).route, .uploaded)
    let alone = try TexturePool(for: [first], from: [memory])
    XCTAssertEqual(try alone.allocate(photograph).route, .imported)
  }

  func testADisplayScansOutWhatAGPUCanOnlyCopy() throws {
    let gpu = FakeDevice(
      "gpu",
      offers: [
        .imported: .fake("gpu") { $0.formats = [] },
        .uploaded: .fake("gpu") { ($0.caching, $0.cpuUsage) = ([.cached], [.read]) },
      ])
    let display = FakeDevice("display") { ($0.heaps, $0.deviceUsage) = (["screen"], [.scanout]) }
    let heaps = [FakeHeap("screen"), memory]
    let pool = try TexturePool(for: [gpu, display], from: heaps)
    let both = try pool.allocate(photograph, for: [.texture, .scanout])
    XCTAssertEqual(both.route, .uploaded)
    XCTAssertEqual(both.heap, "screen")
    XCTAssertEqual(try pool.allocate(photograph, for: .scanout).route, .imported)
    XCTAssertEqual(try pool.allocate(photograph).heap, "memory")
  }

  func testAnImageThatIsTooLargeForARouteTakesTheNextAndSaysWhy() throws {
    let device = FakeDevice(offers: [.imported: .fake { $0.maxWidth = 100 }, .uploaded: .fake()])
    let pool = try TexturePool(for: [device], from: [memory])
    XCTAssertEqual(
      try pool.allocate(ImageDescriptor(width: 90, height: 9, formats: [.r8])).route, .imported)
    let large = try pool.allocate(ImageDescriptor(width: 101, height: 9, formats: [.r8]))
    XCTAssertEqual(large.route, .uploaded)
    let obstacle = try XCTUnwrap(large.plan?.obstacle)
    XCTAssertTrue(obstacle.hasPrefix("not imported: conflict in width: "), obstacle)
    XCTAssertTrue(obstacle.hasSuffix("not transferred: device: it does not"), obstacle)
    XCTAssertThrowsError(
      try TexturePool(for: [FakeDevice { $0.maxWidth = 100 }], from: [memory])
        .allocate(ImageDescriptor(width: 101, height: 9, formats: [.r8]))
    ) {
      guard case AllocationError.conflict(let conflict) = $0 else { return XCTFail("\($0)") }
      XCTAssertEqual(conflict.field, .width)
    }
  }

  func testOnlyTheCopyOfTheOneDeviceSpendsAnImage() throws {
    let offers: [Route: RouteOffer] = [.uploaded: .fake()]
    let alone = try TexturePool(for: [FakeDevice(offers: offers)], from: [memory])
    let spent = try alone.allocate(photograph)
    XCTAssertTrue(spent.spend())
    XCTAssertTrue(spent.spend(), "it stays so")
    XCTAssertEqual(alone.statistics.slots, 0)
    let kept = try alone.allocate(photograph, for: [.texture, .rewritten])
    XCTAssertFalse(kept.spend())
    let written = try alone.allocate(photograph)
    do {
      let writer = written.writer()
      XCTAssertFalse(written.spend())
      _ = writer.rowCount
    }
    XCTAssertEqual(alone.statistics.slots, 2)

    let two = [FakeDevice("first", offers: offers), FakeDevice("second", offers: offers)]
    let shared = try TexturePool(for: two, from: [memory])
    XCTAssertFalse(try shared.allocate(photograph).spend())
    XCTAssertFalse(try TexturePool(for: [], from: [memory]).allocate(photograph).spend())
  }

  func testAHeapWithNoMoreToGiveLeadsToTheNextRoute() throws {
    let device = FakeDevice(offers: [
      .imported: .fake(heaps: [SmallHeap(largest: 1 << 20)]) { $0.heaps = ["small"] },
      .uploaded: .fake(),
    ])
    let pool = try TexturePool(for: [device], from: [memory], limits: .init(firstSlab: 1 << 20))
    XCTAssertEqual(try pool.allocate(photograph).route, .imported)
    let large = try pool.allocate(ImageDescriptor(width: 1024, height: 1024, formats: [.abgr8888]))
    XCTAssertEqual(large.route, .uploaded)
    XCTAssertEqual(large.heap, "memory")
    let obstacle = try XCTUnwrap(large.plan?.obstacle)
    XCTAssertTrue(obstacle.hasPrefix("not imported: small: makeSlab: "), obstacle)
  }

  func testADeviceThatIsAskedGetsNoPlanOfThatPool() throws {
    let device = AskingDevice()
    let heaps = [FakeHeap("memory")]
    let pool = try TexturePool(for: [device], from: heaps, limits: .init(firstSlab: 1 << 20))
    device.pool.withLock { $0 = pool }
    let large = ImageDescriptor(width: 1024, height: 1024, formats: [.abgr8888])
    device.wanted.withLock { $0 = photograph }
    XCTAssertEqual(try pool.allocate(photograph).route, .imported)
    XCTAssertEqual(device.errors.withLock { $0 }, [.beingAsked])
    // While the next best way is looked for, whose best is known.
    device.wanted.withLock { $0 = large }
    XCTAssertEqual(try pool.allocate(large).route, .transferred)
    XCTAssertEqual(device.errors.withLock { $0 }, [.beingAsked, .beingAsked])
    device.pool.withLock { $0 = nil }
  }

  func testWhereThereIsNoRouteEachSaysWhy() throws {
    let device = FakeDevice(offers: [.imported: .fake { $0.formats = [Format(.nv12)] }])
    let pool = try TexturePool(for: [device], from: [memory])
    XCTAssertThrowsError(try pool.allocate(photograph)) {
      guard case AllocationError.noRoute(let verdicts) = $0 else { return XCTFail("\($0)") }
      XCTAssertEqual(verdicts.map(\.route), Route.allCases)
      guard case .conflict(let conflict) = verdicts[0].reason else { return XCTFail("\($0)") }
      XCTAssertEqual(conflict.field, .formats)
      XCTAssertTrue("\($0)".contains("not uploaded: device: it does not"), "\($0)")
    }
    XCTAssertEqual(pool.statistics.slabs, 0)
  }

  func testAUseThatARouteLacksLeadsToTheNext() throws {
    let device = FakeDevice(offers: [.uploaded: .fake { $0.deviceUsage = [.sample, .render] }]) {
      $0.deviceUsage = [.sample, .render]
    }
    let sampling = FakeDevice(offers: [
      .imported: .fake(), .uploaded: .fake { $0.deviceUsage = [.sample, .render] },
    ]) { $0.deviceUsage = [.sample, .render] }
    for (device, route) in [(device, Route.imported), (sampling, .uploaded)] {
      let pool = try TexturePool(for: [device], from: [memory])
      XCTAssertEqual(try pool.allocate(photograph, for: .renderTarget).route, route)
      XCTAssertEqual(try pool.allocate(photograph).route, .imported)
    }
  }

  func testAKindIsTriedOnceAndAtItsMostAwkward() throws {
    let device = CountingDevice()
    let pool = try TexturePool(for: [device], from: [memory])
    XCTAssertEqual(device.trials.withLock { $0.count }, 0)
    for width in 1..<50 {
      _ = try pool.allocate(ImageDescriptor(width: width, height: 3, formats: [.abgr8888]))
      _ = try pool.allocate(
        ImageDescriptor(width: width, height: 3, formats: [.abgr8888]), for: [.texture, .zeroed])
    }
    _ = try pool.allocate(glyphs)
    let trials = device.trials.withLock { $0 }
    XCTAssertEqual(trials.map(\.layout.format.fourcc), [.abgr8888, .r8])
    for trial in trials {
      XCTAssertEqual(trial.layout.planes[0].pitch % 128, 64)
      XCTAssertGreaterThan(trial.offset, 0)
    }
    XCTAssertEqual(pool.plans.map(\.route), [.imported, .imported])
  }

  func testWithoutARegistrarThereIsNoRoute() throws {
    let pool = try TexturePool(for: [], from: [memory])
    let buffer = try pool.allocate(photograph)
    XCTAssertNil(buffer.route)
    XCTAssertEqual(buffer.plan?.heap, "memory")
    XCTAssertNil(buffer.plan?.obstacle)
  }

  func testTheBetterRouteIsTheLesser() {
    XCTAssertEqual(Route.allCases.sorted(), Route.allCases)
    XCTAssertLessThan(Route.imported, .transferred)
    XCTAssertLessThan(Route.transferred, .uploaded)
  }
}

/// A heap that gives no slab above a size.
private struct SmallHeap: Heap {
  let largest: Int
  private let heap = FakeHeap("small")
  var attributes: BufferAttributes { heap.attributes }

  init(largest: Int) { self.largest = largest }

  func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    guard size <= largest else { throw SystemFailure("makeSlab", on: "small", .noMemory) }
    return try heap.makeSlab(of: size)
  }
}

/// A device that allocates of the pool when that asks it.
private final class AskingDevice: Registrar {
  let attributes = BufferAttributes(name: "device") { $0.deviceUsage = [.sample] }
  let pool = Mutex<TexturePool?>(nil)
  let wanted = Mutex<ImageDescriptor?>(nil)
  let errors = Mutex<[AllocationError]>([])

  func offer(
    on route: Route, for usage: Set<DeviceUsage>
  ) throws(RouteRefused) -> RouteOffer {
    switch route {
    case .imported: .fake(heaps: [SmallHeap(largest: 1 << 20)]) { $0.heaps = ["small"] }
    case .transferred: .fake(heaps: [FakeHeap("own")]) { $0.heaps = ["own"] }
    case .uploaded: throw RouteRefused(because: "it does not")
    }
  }

  func check(_ trial: TextureBuffer, on route: Route) throws(RegistrationRefused) {
    guard let pool = pool.withLock({ $0 }), let wanted = wanted.withLock({ $0 }) else { return }
    do throws(AllocationError) { _ = try pool.allocate(wanted) } catch {
      errors.withLock { $0.append(error) }
    }
  }

  func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> FakeDevice.Handle {
    FakeDevice.Handle(buffer)
  }
}

/// A device that keeps what it was to try.
private final class CountingDevice: Registrar {
  let attributes = BufferAttributes(name: "device") { $0.deviceUsage = [.sample] }
  let trials = Mutex<[TextureBuffer]>([])

  func check(_ trial: TextureBuffer, on route: Route) throws(RegistrationRefused) {
    trials.withLock { $0.append(trial) }
  }

  func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> FakeDevice.Handle {
    FakeDevice.Handle(buffer)
  }
}
