package import TexAlloc

extension TextureBuffer {
  /// Writes one value into every byte of the first plane.
  package func paint(_ value: UInt8) {
    var writer = writer()
    writer.fill(0..<writer.rowCount, with: value)
  }
}

extension TexturePool {
  /// An image of one value.
  package func painted(
    _ image: ImageDescriptor, _ value: UInt8, _ flags: AllocationFlags = .texture
  ) throws -> TextureBuffer {
    let buffer = try allocate(image, for: flags)
    buffer.paint(value)
    return buffer
  }
}
