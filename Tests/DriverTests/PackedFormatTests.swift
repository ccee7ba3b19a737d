import TexAlloc
import TexAllocEGL
import XCTest

/// Formats of cameras, of which a device says that only an external texture samples them.
final class PackedFormatTests: XCTestCase {
  func testPackedImagesOfEveryHeapShowThePixelsOfMemfd() throws {
    let heaps = try PresentHeap.all()
    let gpu = try EGLDevice.importing()
    for fourcc in [Fourcc.yuyv, .uyvy] {
      let expected = try shown(fourcc, from: MemfdHeap(), on: gpu)
      for (index, luma) in expected.luma.enumerated() {
        // Grey, in the range of television.
        let grey = (Int(luma) - 16) * 255 / 219
        for channel in expected.pixels[index * 4..<index * 4 + 3] {
          XCTAssertEqual(Int(channel), grey, accuracy: 2, "\(fourcc), pixel \(index)")
        }
      }
      for present in heaps {
        let pixels = try shown(fourcc, from: present.heap, on: gpu).pixels
        XCTAssertEqual(pixels, expected.pixels, "\(present.name): \(fourcc)")
        CapabilityTable.print(
          present.name, "\(fourcc) imported", pixels == expected.pixels, verdict: "yes, external")
      }
    }
  }

  /// Of an image that is not at the start of its slab, written after it was imported.
  private func shown(
    _ fourcc: Fourcc, from heap: any Heap, on gpu: EGLDevice
  ) throws -> (luma: [UInt8], pixels: [UInt8]) {
    let image = ImageDescriptor(
      width: 34, height: 6, formats: [fourcc], colour: Colour(range: .limited))
    let pool = try TexturePool(for: [], from: [heap])
    let (first, second) = (try pool.allocate(image), try pool.allocate(image))
    XCTAssertEqual(first.descriptor, second.descriptor)
    XCTAssertNotEqual(second.offset, 0)
    let luma: [UInt8] = (0..<34 * 6).map { UInt8(16 + $0 * 37 % 220) }
    let pixels = try ExternalView.pixels(of: second, on: gpu) {
      var writer = second.writer()
      for y in 0..<6 {
        let row: [UInt8] = luma[y * 34..<(y + 1) * 34].flatMap { (luma: UInt8) -> [UInt8] in
          fourcc == .yuyv ? [luma, 128] : [128, luma]
        }
        writer.write(row.span, row: y)
      }
    }
    return (luma, pixels)
  }
}
