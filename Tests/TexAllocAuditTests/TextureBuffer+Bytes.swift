import TexAlloc

extension TextureBuffer {
  /// Lends the bytes of the first plane past all rules, to be written as nobody should, also by
  /// several threads at a time.
  @unsafe func withBytes<Result>(_ body: (UnsafeMutablePointer<UInt8>) -> Result) -> Result {
    let plane = layout.planes[0]
    let (start, size) = (offset + plane.offset, plane.pitch * plane.rows)
    guard let slab,
      let base = unsafe slab.bytes(in: start..<start + size).baseAddress
    else { preconditionFailure("\(name) is of no slab") }
    return withExtendedLifetime(self) {
      unsafe body(base.bindMemory(to: UInt8.self, capacity: size))
    }
  }

  static func bytes(_ width: Int, _ height: Int, in pool: TexturePool) throws -> TextureBuffer {
    try pool.allocate(ImageDescriptor(width: width, height: height, formats: [.r8]))
  }
}
