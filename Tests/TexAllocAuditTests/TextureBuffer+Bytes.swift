import TexAlloc

extension TextureBuffer {
  /// Lends the bytes of the first plane, to be written as nobody should.
  @unsafe func withBytes<Result>(_ body: (UnsafeMutablePointer<UInt8>) -> Result) -> Result {
    var writer = writer()
    var result: Result?
    let size = writer.pitch * writer.rowCount
    _ = unsafe writer.decodeRows(from: 0) { start, rows in
      result = unsafe body(start.bindMemory(to: UInt8.self, capacity: size))
      return 0
    }
    guard let result else { preconditionFailure("decodeRows called nobody") }
    return result
  }

  static func bytes(_ width: Int, _ height: Int, in pool: TexturePool) throws -> TextureBuffer {
    try pool.allocate(ImageDescriptor(width: width, height: height, formats: [.r8]))
  }
}
