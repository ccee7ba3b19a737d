import ProgramSupport
import Synchronization
import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

final class TextureTests: XCTestCase {
  func testImportedTextureShowsTheBuffersOwnMemory() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    for fourcc in [Fourcc.abgr8888, .xbgr8888, .argb8888, .xrgb8888] {
      let buffer = try pool.allocate(ImageDescriptor(width: 33, height: 7, formats: [fourcc]))
      let texture = try gpu.register(buffer)
      XCTAssertEqual(texture.route, .imported)
      for seed in 0..<2 as Range<UInt8> {
        paint(buffer, seed: seed)
        XCTAssertEqual(try texture.shownPixels(), try colours(of: buffer), "\(fourcc)")
      }
    }
  }

  func testUploadedPictureEqualsTheImportedOne() throws {
    let importing = try TestDevice.importing()
    let pool = try TexturePool(for: [importing])
    for fourcc in [Fourcc.abgr8888, .xbgr8888, .argb8888, .xrgb8888, .r8, .gr88, .rgb565] {
      try importing.makeCurrent()
      let buffer = try pool.allocate(ImageDescriptor(width: 65, height: 9, formats: [fourcc]))
      paint(buffer, seed: 3)
      let imported = try importing.register(buffer).shownPixels()
      let uploading = try EGLDevice.surfaceless(route: .uploaded)
      let texture = try uploading.texture(for: buffer)
      XCTAssertEqual(texture.route, .uploaded)
      XCTAssertEqual(texture.reason, "uploaded was demanded")
      XCTAssertEqual(try texture.shownPixels(), imported, "\(fourcc)")
      XCTAssertEqual(
        uploading.statistics.bytesCopied(.uploaded), 9 * buffer.layout.rowSize(ofPlane: 0))
    }
  }

  func testTheLedgerHasEveryTextureByItsBuffersName() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let image = ImageDescriptor(width: 8, height: 8, formats: [.r8])
    let photo = try gpu.register(pool.allocate(image, named: "photo"))
    _ = try gpu.register(pool.allocate(image, named: "gone"))
    XCTAssertEqual(gpu.ledger.map(\.buffer), ["photo", "gone"])
    XCTAssertEqual(gpu.ledger.map(\.state), [.live, .retired])
    XCTAssertTrue(gpu.ledger.allSatisfy { $0.route == .imported })
    try gpu.collect()
    XCTAssertEqual(gpu.ledger.map(\.name), [photo.name])
  }

  func testTheSameBufferHasTheSameTexture() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let buffer = try pool.allocate(ImageDescriptor(width: 8, height: 8, formats: [.r8]))
    let texture = try gpu.register(buffer)
    XCTAssertTrue(try gpu.register(buffer) === texture)
    XCTAssertTrue(try gpu.texture(for: buffer) === texture)
    XCTAssertEqual(gpu.statistics.imported, 1)
  }

  func testASlotReturnsOnlyAfterTheGPUWasAskedToCollect() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    do {
      let descriptor = ImageDescriptor(width: 8, height: 8, formats: [.abgr8888])
      _ = try gpu.register(try pool.allocate(descriptor))
    }
    XCTAssertEqual(pool.statistics.slots, 1)
    XCTAssertEqual(gpu.statistics.liveImages, 1)
    try gpu.collect()
    XCTAssertEqual(gpu.statistics.liveImages, 0)
    _ = try Canvas(width: 1, height: 1).readPixels()  // waits for the GPU
    let again = try pool.allocate(ImageDescriptor(width: 8, height: 8, formats: [.abgr8888]))
    XCTAssertEqual(pool.statistics.slots, 1, "\(again.name) stands where the other stood")
  }

  func testSlotsReturnOfTexturesThatAnotherThreadLetsGoOfWhileTheDeviceCollects() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu])
    let descriptor = ImageDescriptor(width: 8, height: 8, formats: [.abgr8888])
    let held = Mutex(try (0..<500).map { _ in try gpu.register(pool.allocate(descriptor)) })
    let areGone = expectation(description: "another thread holds no texture")
    Thread.detachNewThread {
      // One by one, so that the device often has nothing to collect when it begins to.
      while held.withLock({ $0.popLast() }) != nil { usleep(.random(in: 20...60)) }
      areGone.fulfill()
    }
    while !held.withLock(\.isEmpty) { try gpu.collect() }
    wait(for: [areGone], timeout: 60)
    try gpu.collect()
    XCTAssertTrue(try gpu.makeFence().wait(until: .now + .seconds(60)))
    pool.collect()
    XCTAssertEqual(pool.statistics.slots, 0)
  }

  func testASlotOfADeviceThatIsGoneWaitsForTheGPU() throws {
    let waited = try SlowDraw.times.contains { times in
      let pool: TexturePool, canvas: Canvas
      do {
        let gpu = try TestDevice.importing()
        pool = try TexturePool(for: [])  // one for the device would keep it
        canvas = try Canvas(width: SlowDraw.side, height: SlowDraw.side)
        try SlowDraw(from: pool, on: gpu).draw(on: canvas, times: times)
      }
      let waitingSlots = pool.statistics.waitingSlots
      _ = try canvas.readPixels()  // waits for the GPU
      _ = try pool.allocate(SlowDraw.image)
      XCTAssertEqual(pool.statistics.waitingSlots, 0)
      return waitingSlots == 1
    }
    XCTAssertTrue(waited, "every draw was over at once: it proves nothing")
  }

  func testAFormatThatTheDeviceLacksIsRefusedByName() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [])
    let buffer = try pool.allocate(ImageDescriptor(width: 16, height: 16, formats: [.rgb888]))
    XCTAssertThrowsError(try gpu.register(buffer)) { error in
      guard let refusal = error as? RegistrationRefused else { return XCTFail("\(error)") }
      XCTAssertEqual(refusal.cause, .format)
      XCTAssertEqual(refusal.held, "RG24")
    }
  }

  private func paint(_ buffer: TextureBuffer, seed: UInt8) {
    var writer = buffer.writer()
    for y in 0..<writer.rowCount {
      let row = (0..<writer.rowSize).map { UInt8(truncatingIfNeeded: $0 * 7 + y * 31) ^ seed | 1 }
      writer.write(row.span, row: y)
    }
  }

  /// What a shader is to see of the bytes of a buffer in one of the 32-bit formats.
  private func colours(of buffer: TextureBuffer) throws -> [UInt8] {
    let (layout, fourcc) = (buffer.layout, buffer.layout.format.fourcc)
    let order = [.abgr8888, .xbgr8888].contains(fourcc) ? [0, 1, 2, 3] : [2, 1, 0, 3]
    let isOpaque = [.xbgr8888, .xrgb8888].contains(fourcc)
    return try buffer.withContents { bytes in
      (0..<layout.height).flatMap { y in
        (0..<layout.width).flatMap { x in
          order.map { channel in
            let place = y * layout.planes[0].pitch + x * 4 + channel
            return channel == 3 && isOpaque ? 255 : bytes[place]
          }
        }
      }
    }
  }
}
