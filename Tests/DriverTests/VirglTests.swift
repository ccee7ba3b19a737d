import TexAlloc
import TexAllocEGL
import XCTest

/// A driver with a GPU behind it, which takes buffers of its own only, and takes carves of them
/// without a word and shows other pixels.
final class VirglTests: XCTestCase {
  func testTheDeviceIsChosenByName() throws {
    let gpu = try virgl()
    XCTAssertFalse(gpu.description.isSoftware)
    let software = try EGLDevice.surfaceless(.software)
    XCTAssertTrue(software.description.isSoftware)
    CapabilityTable.print("virgl", "chosen by name", true)
  }

  func testForeignMemoryIsRefusedAndDrawnByUpload() throws {
    let gpu = try virgl()
    let own = [GBMHeap.name, DumbBufferHeap.name("virtio_gpu"), MemfdHeap.name]
    let foreign = Heaps.present().filter { !own.contains($0.name) }
    for heap in foreign {
      let refusal = try checkRefusal(of: heap, on: gpu)
      XCTAssertEqual(refusal?.field, "import", "\(heap.name): \(String(describing: refusal))")
      CapabilityTable.print(heap.name, "refused by virgl, uploaded", refusal?.field == "import")
    }
  }

  func testCarveThatIsShownWronglyIsCaughtAndDrawnByUpload() throws {
    let gpu = try virgl()
    let heap = try XCTUnwrap(Heaps.present().first { $0.name == GBMHeap.name })
    let refusal = try checkRefusal(of: heap, on: gpu)
    XCTAssertEqual(refusal?.field, "pixels", "\(String(describing: refusal))")
    CapabilityTable.print("gbm on virgl", "wrong pixels caught, uploaded", refusal != nil)
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
    var expected: [UInt8] = []
    do {
      var writer = buffer.writer()
      for y in 0..<writer.rowCount {
        let row = (0..<writer.rowSize).map { UInt8(truncatingIfNeeded: $0 * 7 + y * 31) }
        writer.write(row.span, row: y)
        expected += row
      }
    }
    var refusal: RegistrationRefused?
    XCTAssertThrowsError(try gpu.register(buffer)) { refusal = $0 as? RegistrationRefused }

    let texture = try gpu.texture(for: buffer)
    guard case .uploaded = texture.path else {
      XCTFail("\(heap.name): \(texture.path)")
      return refusal
    }
    let canvas = try Canvas(width: 33, height: 7)
    canvas.clear(.zero)
    canvas.draw([Canvas.Quad(whole: buffer.layout)], from: .texels(texture.name))
    XCTAssertEqual(try canvas.readPixels(), expected, heap.name)
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
