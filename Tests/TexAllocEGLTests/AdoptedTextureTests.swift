import TestSupport
import TexAlloc
import TexAllocEGL
import XCTest

final class AdoptedTextureTests: XCTestCase {
  /// What is exported here stands for what another library allocated.
  func testAdoptedMemoryIsImportedLikeOurOwn() throws {
    let gpu = try TestDevice.importing()
    let original = try image(in: TexturePool(for: [gpu], from: [MemfdHeap()]), width: 33, height: 7)
    let exported = try original.export()
    let adopted = try TextureBuffer(adopting: exported.descriptor, original.layout)
    let texture = try gpu.register(adopted)
    XCTAssertEqual(texture.route, .imported)
    XCTAssertEqual(texture.check, .trial)
    XCTAssertTrue(try gpu.register(adopted) === texture)
    XCTAssertEqual(try texture.shownPixels(), try gpu.register(original).shownPixels())
  }

  func testMemoryOfAHeapThatIsAnotherDriversIsImported() throws {
    let gpu = try TestDevice.importing()
    let pool = try TexturePool(for: [gpu], from: [LentHeap()])
    let buffer = try image(in: pool, width: 33, height: 7)
    XCTAssertEqual(buffer.route, .imported, "\(buffer.plan?.obstacle ?? "")")
    let texture = try gpu.texture(for: buffer)
    XCTAssertEqual(texture.route, .imported, texture.reason ?? "")
    XCTAssertEqual(texture.check, .trial)
    let ours = try image(in: TexturePool(for: [gpu]), width: 33, height: 7)
    XCTAssertEqual(try texture.shownPixels(), try gpu.register(ours).shownPixels())
  }

  func testAPitchThatNoTrialCanHaveIsCheckedByItsOwnPixelsOrNotAtAll() throws {
    let gpu = try TestDevice.importing()
    let original = try image(in: TexturePool(for: [gpu]), width: 33, height: 7)
    let exported = try original.export()
    let odd = ImageLayout(
      width: 30, height: 5, format: original.layout.format,
      planes: [.init(offset: 0, pitch: 132, rows: 5)], size: 132 * 5)
    let mapped = try TextureBuffer(adopting: exported.descriptor, odd, mappedFor: [.read])
    XCTAssertEqual(try gpu.register(mapped).check, .contents)
    let unmapped = try TextureBuffer(adopting: exported.descriptor, odd)
    guard case .none = try gpu.register(unmapped).check else { return XCTFail("checked how?") }
  }

  func testAnUnmappedBufferThatIsNotImportedIsNotUploadedEither() throws {
    let gpu = try EGLDevice.surfaceless(.tested, route: .uploaded)
    let original = try image(in: TexturePool(for: []), width: 33, height: 7)
    let exported = try original.export()
    let unmapped = try TextureBuffer(adopting: exported.descriptor, original.layout)
    XCTAssertThrowsError(try gpu.texture(for: unmapped)) {
      XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .cpuUsage, "\($0)")
    }
    let mapped = try TextureBuffer(
      adopting: exported.descriptor, original.layout, mappedFor: [.read])
    XCTAssertEqual(try gpu.texture(for: mapped).route, .uploaded)
  }

  func testNumbersThatEGLCannotTakeAreRefusedBeforeTheDriverSeesThem() throws {
    let gpu = try TestDevice.importing()
    let far = 1 << 31
    let slab = try MemfdHeap().makeSlab(of: far + 128)  // of which no page is touched
    let layout = ImageLayout(
      width: 16, height: 2, format: Format(.abgr8888),
      planes: [.init(offset: 0, pitch: 64, rows: 2)], size: 128)
    let buffer = try TextureBuffer(adopting: XCTUnwrap(slab.descriptor), layout, at: far)
    XCTAssertThrowsError(try gpu.register(buffer)) {
      let refusal = $0 as? RegistrationRefused
      XCTAssertEqual(refusal?.cause, .offset)
      XCTAssertEqual(refusal?.wanted, "at most 2147483647")
      XCTAssertEqual(refusal?.held, "2147483648")
    }
  }

  private func image(in pool: TexturePool, width: Int, height: Int) throws -> TextureBuffer {
    let buffer = try pool.allocate(
      ImageDescriptor(width: width, height: height, formats: [.abgr8888]),
      for: [.texture, .exportable])
    var writer = buffer.writer()
    for y in 0..<height {
      let row = (0..<width * 4).map { UInt8(truncatingIfNeeded: $0 * 5 + y * 17) | 1 }
      writer.write(row.span, row: y)
    }
    return buffer
  }
}
