internal import TexAlloc

/// Memory that is many times larger than any cache, in which each image is written behind the one
/// before, so that none is written while a cache still holds it; and as much to copy from.
final class ColdImages {
  /// Bytes of all images.
  static let capacity = 256 << 20
  private static let pitch = 4096

  /// Bytes of an image, whole rows.
  var imageSize = pitch
  private var offset = 0
  private let slab: Slab
  private let pixels: [UInt8]

  /// - Parameter heap: Whose memory is written.
  init(in heap: any Heap) throws {
    slab = try heap.makeSlab(of: Self.capacity)
    pixels = Array(repeating: 7, count: Self.capacity)
    unsafe slab.bytes(in: 0..<Self.capacity).initializeMemory(as: UInt8.self, repeating: 1)
  }

  /// Writes an image as any caller does, whole or row by row.
  func writeNext(rowByRow: Bool) {
    let (range, pixels) = (nextRange(), pixels)
    // The slab outlives the writer.
    var writer = unsafe PlaneWriter(
      slab.bytes(in: range), pitch: Self.pitch, rowSize: Self.pitch,
      rowCount: imageSize / Self.pitch)
    let image = pixels.span.extracting(range)
    guard rowByRow else { return writer.write(image, rows: 0..<writer.rowCount) }
    for row in 0..<writer.rowCount {
      writer.write(image.extracting(row * Self.pitch..<(row + 1) * Self.pitch), row: row)
    }
  }

  /// Copies an image by rows that neither begin nor end on a line: what a writer of whole lines never does.
  func copyNextUnaligned() {
    let range = nextRange()
    unsafe pixels.withUnsafeBytes { from in
      let to = unsafe slab.bytes(in: range)
      for row in stride(from: 0, to: range.count, by: Self.pitch) {
        let (start, count) = (row + 16, Self.pitch - 64)
        let part = unsafe UnsafeRawBufferPointer(
          rebasing: from[range.lowerBound + start..<range.lowerBound + start + count])
        unsafe UnsafeMutableRawBufferPointer(rebasing: to[start..<start + count])
          .copyMemory(from: part)
      }
    }
  }

  /// Copies an image in one go.
  func copyNext(by reference: ReferenceCopy) {
    let range = nextRange()
    unsafe pixels.withUnsafeBytes { from in
      guard let to = unsafe slab.bytes(in: range).baseAddress, let from = from.baseAddress
      else { return }
      unsafe reference.copy(to: to, from: from + range.lowerBound, size: range.count)
    }
  }

  private func nextRange() -> Range<Int> {
    if offset + imageSize > Self.capacity { offset = 0 }
    defer { offset += imageSize }
    return offset..<offset + imageSize
  }
}
