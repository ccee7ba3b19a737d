import ProgramSupport
import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

/// A driver with a GPU behind it, which takes buffers of its own only, and takes carves of them
/// without a word and shows other pixels.
final class VirglTests: XCTestCase {
  /// EGL lists vgem, virtio_gpu and the software device, in whatever order.
  func testTheDeviceIsChosenByNameAmongThree() throws {
    let gpu = try virgl()
    XCTAssertEqual(gpu.description.driver, "virtio_gpu")
    XCTAssertFalse(gpu.description.isSoftware)
    XCTAssertEqual(gpu.description.reason, "it was asked for by name")
    let node = try XCTUnwrap(ownHeap() as? GBMHeap).node.string
    for choice in [DeviceChoice.automatic, .named(node)] {
      let same = try EGLDevice.surfaceless(choice)
      XCTAssertEqual(same.description.renderer, gpu.description.renderer, "\(choice)")
    }
    let software = try EGLDevice.surfaceless(.software)
    XCTAssertTrue(software.description.isSoftware)
    XCTAssertNotEqual(software.description.renderer, gpu.description.renderer)
    XCTAssertThrowsError(try EGLDevice.surfaceless(.named("vgem"))) {
      XCTAssertEqual(($0 as? EGLFailure)?.isUnsupported, true, "\($0)")
    }
    CapabilityTable.print("virtio_gpu", "chosen by name among three", true)
  }

  func testForeignMemoryIsRefusedAndDrawnByUpload() throws {
    let gpu = try virgl()
    let foreign = Heaps.present().filter {
      !($0 is GBMHeap || $0 is MemfdHeap || ($0 as? DumbBufferHeap)?.driver == "virtio_gpu")
    }
    for heap in foreign {
      let refusal = try checkRefusal(of: heap, on: gpu)
      let words = RegistrationRefused(
        .importFailed, by: "gpu", field: "import", wanted: "AB24 of \(heap.name)",
        held: "eglCreateImageKHR: EGL_BAD_ALLOC")
      XCTAssertEqual(refusal, words)
      CapabilityTable.print(heap.label, "refused by virgl, uploaded", refusal == words)
    }
  }

  func testCarveThatIsShownWronglyIsCaughtAndDrawnByUpload() throws {
    let gpu = try virgl()
    let refusal = try checkRefusal(of: ownHeap(), on: gpu)
    XCTAssertEqual(refusal?.cause, .pixels, "\(String(describing: refusal))")
    CapabilityTable.print("gbm on virgl", "wrong pixels caught, uploaded", refusal != nil)
  }

  /// What an application does: it asks for a pool, and takes what comes.
  func testAPoolForADeviceThatCanUseNoHeapHasItsImagesCopied() throws {
    let gpu = try virgl()
    let pool = try TexturePool(for: [gpu])
    let image = ImageDescriptor(width: 33, height: 7, formats: [.abgr8888])
    let plan = try pool.plan(for: image)
    let route = try XCTUnwrap(plan.route)
    XCTAssertNotEqual(route, .imported)
    guard case .noHeap(let verdicts) = plan.betterRoutes.first?.reason else {
      return XCTFail("\(plan.betterRoutes)")
    }
    let own = try ownHeap().name
    XCTAssertTrue(verdicts.contains { $0.heap == own && $0.description.contains("pixels") })
    let buffer = try pool.allocate(image)
    let expected = buffer.writePattern()
    let texture = try gpu.texture(for: buffer)
    XCTAssertEqual(texture.route, route)
    XCTAssertEqual(try texture.shownPixels(), expected)
    CapabilityTable.print("virtio_gpu", "pool whose images are \(route)", true)
  }

  func testASlotIsNotReusedBeforeTheFenceOfADraw() throws {
    let gpu = try virgl()
    let image = ImageDescriptor(width: 64, height: 64, formats: [.abgr8888])
    let limits = PoolLimits(budget: 64 * 64 * 4)
    let pool = try TexturePool(for: [], from: [ownHeap()], limits: limits)
    let canvas = try Canvas(width: SlowDraw.side, height: SlowDraw.side)
    let slow = try SlowDraw(on: gpu)
    let waited = try SlowDraw.times.contains { times in
      try slow.draw(on: canvas, times: times)
      do { try pool.allocate(image).hold(until: gpu.makeFence()) }
      let early = try? pool.allocate(image)
      let next = try early ?? pool.allocate(image, waiting: .until(.now + .seconds(120)))
      XCTAssertEqual(next.offset, 0)
      XCTAssertEqual(pool.statistics.waitingSlots, 0)
      return early == nil
    }
    XCTAssertTrue(waited, "every draw was over at once: it proves nothing")
    CapabilityTable.print("virtio_gpu", "slots wait for its fences", waited)
  }

  /// The driver leaves the fence of its rendering with the buffer by itself.
  func testTheKernelHasTheFenceOfARenderingIntoAnOwnBuffer() throws {
    let gpu = try virgl()
    let target = try gpu.registerForRendering(ownBuffer())
    let canvas = try Canvas(
      width: target.buffer.layout.width, height: target.buffer.layout.height,
      framebuffer: target.framebuffer)
    let slow = try SlowDraw(on: gpu)
    canvas.clear(.one)
    let werePending = try SlowDraw.times.contains { times in
      try slow.draw(on: canvas, times: times)
      let drawn = try gpu.exportFence()
      let kernels = try target.buffer.fence(before: .reading)
      let arePending = !kernels.hasPassed && !drawn.hasPassed
      XCTAssertTrue(kernels.wait(until: .now + .seconds(120)))
      XCTAssertTrue(drawn.wait(until: .now + .seconds(120)))
      return arePending
    }
    XCTAssertTrue(werePending, "every draw was over at once: it proves nothing")
    XCTAssertEqual(Array(try canvas.readPixels().suffix(4)), [255, 255, 255, 255])
    CapabilityTable.print("virtio_gpu", "fences lie with its own buffers", werePending)
  }

  /// A whole buffer as the driver made it, which it renders into; not so a carve.
  private func ownBuffer() throws -> TextureBuffer {
    let image = ImageDescriptor(width: 4096, height: 128, formats: [.argb8888])
    let buffer = try TexturePool(for: [], from: [ownHeap()])
      .allocate(image, for: [.renderTarget, .exportable])
    let exported = try buffer.export()
    return try TextureBuffer(adopting: exported.descriptor, buffer.layout)
  }

  private func ownHeap() throws -> any Heap {
    try XCTUnwrap(Heaps.present().first { $0 is GBMHeap })
  }

  /// Registering fails, drawing by upload shows the right pixels.
  private func checkRefusal(
    of heap: any Heap, on gpu: EGLDevice
  ) throws -> RegistrationRefused? {
    let pool = try TexturePool(for: [], from: [heap])
    let descriptor = ImageDescriptor(width: 33, height: 7, formats: [.abgr8888])
    let buffers = [try pool.allocate(descriptor), try pool.allocate(descriptor)]
    let buffer = buffers[1]
    XCTAssertNotEqual(buffer.offset, 0)
    let expected = buffer.writePattern()
    var refusal: RegistrationRefused?
    XCTAssertThrowsError(try gpu.register(buffer)) { refusal = $0 as? RegistrationRefused }

    let texture = try gpu.texture(for: buffer)
    XCTAssertEqual(texture.route, .uploaded, heap.name)
    XCTAssertEqual(try texture.shownPixels(), expected, heap.name)
    return refusal
  }

  /// Without the quirk profile that keeps it from carves.
  private func virgl() throws -> EGLDevice {
    do {
      return try EGLDevice.surfaceless(.named("virtio_gpu"), profiles: [])
    } catch {
      throw XCTSkip("no EGL device with the driver virtio_gpu (\(error)): VM/run --virgl has one")
    }
  }
}
