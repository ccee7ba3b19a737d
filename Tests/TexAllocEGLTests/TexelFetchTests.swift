import CEGL
import SystemPackage
import TexAlloc
import XCTest

@testable import TexAllocEGL

final class TexelFetchTests: XCTestCase {
  func testRowsShowTheirTexelsOfEitherKindOfTexture() throws {
    let gpu = try TestDevice.importing()
    let buffer = try TexturePool(for: [gpu]).allocate(
      ImageDescriptor(width: 19, height: 7, formats: [.abgr8888]))
    func row(_ y: Int) -> [UInt8] {
      (0..<19 * 4).map { UInt8(truncatingIfNeeded: $0 * 7 + y * 31) }
    }
    do {
      var writer = buffer.writer()
      for y in 0..<7 { writer.write(row(y).span, row: y) }
    }
    for target in [GL_TEXTURE_2D, GL_TEXTURE_EXTERNAL_OES] {
      XCTAssertEqual(
        try texels(ofRows: [6, 0, 3], of: buffer, on: gpu, target), row(6) + row(0) + row(3),
        "target \(target)")
    }
  }

  func testAnExternalTextureShowsTheBrightnessOfPackedPixels() throws {
    let gpu = try TestDevice.importing()
    let buffer = try TexturePool(for: [], from: [MemfdHeap()]).allocate(
      ImageDescriptor(
        width: 34, height: 6, formats: [.yuyv], colour: Colour(range: .limited)))
    func luma(_ y: Int) -> [UInt8] { (0..<34).map { UInt8(16 + ($0 * 37 + y * 5) % 220) } }
    do {
      var writer = buffer.writer()
      for y in 0..<6 {
        let row: [UInt8] = luma(y).flatMap { (luma: UInt8) -> [UInt8] in [luma, 128] }
        writer.write(row.span, row: y)
      }
    }
    let shown = try texels(ofRows: [5, 0], of: buffer, on: gpu, GL_TEXTURE_EXTERNAL_OES)
    for (pixel, luma) in (luma(5) + luma(0)).enumerated() {
      for channel in shown[pixel * 4..<pixel * 4 + 3] {
        // Grey, in the range of television.
        XCTAssertEqual(
          Int(channel), (Int(luma) - 16) * 255 / 219, accuracy: 2, "pixel \(pixel)")
      }
    }
  }

  /// A mapping that the GPU does not see is what a driver's own copy would be.
  func testACopyThatADriverKeepsIsFoundOutWheneverItWasMade() throws {
    let gpu = try TestDevice.importing()
    let image = ImageDescriptor(width: 48, height: 5, formats: [.abgr8888])
    for turnsSeen in 0...1 {
      let trial = try TexturePool(for: [], from: [CopiedHeap()]).allocate(image)
      let (plane, descriptor) = (trial.layout.planes[0], try XCTUnwrap(trial.descriptor))
      for row in [0, 4] where turnsSeen == 1 {
        let pattern = trial.layout.trialPattern(ofRow: row, plane: 0, turn: 0)
        let place = trial.offset + plane.offset + row * plane.pitch
        _ = try descriptor.writeAll(toAbsoluteOffset: Int64(place), pattern)
      }
      XCTAssertThrowsError(try gpu.check(trial)) {
        XCTAssertEqual(($0 as? RegistrationRefused)?.cause, .pixels)
        let wanted = ($0 as? RegistrationRefused)?.wanted
        XCTAssertEqual(wanted?.hasSuffix("written again"), turnsSeen == 1, "\($0)")
      }
    }
    XCTAssertNoThrow(
      try gpu.check(TexturePool(for: [], from: [MemfdHeap()]).allocate(image)))
  }

  private func texels(
    ofRows rows: [Int], of buffer: TextureBuffer, on gpu: EGLDevice, _ target: Int32
  ) throws -> [UInt8] {
    let importer = try XCTUnwrap(gpu.importer)
    return try gpu.scratch.run { () throws(EGLFailure) in
      let image = try importer.makeImage(of: buffer, on: gpu.connection)
      defer { importer.destroy(image, on: gpu.connection) }
      var texture: GLuint = 0
      unsafe glGenTextures(1, &texture)
      defer { unsafe glDeleteTextures(1, &texture) }
      glBindTexture(GLenum(target), texture)
      try importer.bind(image, to: target)
      return try TexelFetch(from: target).texels(
        ofRows: rows, of: buffer.layout.imageSize, in: texture)
    }
  }
}

/// A heap whose mapping is not of the memory that its descriptor leads to.
private struct CopiedHeap: Heap {
  let attributes = BufferAttributes(name: "copied") {
    $0.heaps = ["copied"]
    $0.caching = [.cached]
  }

  func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    let (written, seen) = (try MemfdHeap().makeSlab(of: size), try MemfdHeap().makeSlab(of: size))
    guard let descriptor = seen.descriptor else {
      throw SystemFailure("makeSlab", on: name, .badFileDescriptor)
    }
    return unsafe try Slab(
      mapped: written.bytes(in: 0..<written.size), ownedBy: written,
      descriptor: OwnedDescriptor(duplicating: descriptor, named: name), of: name,
      caching: .cached)
  }
}
