/// Ordinary memory for a whole picture, whose pages were touched, and who decodes into it.
@safe final class OrdinaryPixels {
  /// Rows at the picture's pitch; begins on a page.
  @unsafe let memory: UnsafeMutableRawBufferPointer
  private let decoder: BareDecoder

  init(for picture: Picture) {
    decoder = BareDecoder(for: picture)
    unsafe memory = .allocate(byteCount: picture.size, alignment: 4096)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 1)
  }

  deinit { unsafe memory.deallocate() }

  var span: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get {
      // The memory lives as long as this.
      unsafe _overrideLifetime(Span(_unsafeBytes: UnsafeRawBufferPointer(memory)), borrowing: self)
    }
  }

  func decode() throws {
    // The memory was allocated for the picture.
    if let start = unsafe memory.baseAddress { try unsafe decoder.decode(to: start) }
  }
}
