/// The image that stands for raw memory with allocators that know nothing but images: rows of
/// 16 KiB, four bytes a pixel. No driver that takes such images pads them.
struct RawImage {
  static let width: UInt32 = 4096
  static let pitch = 16384
  /// Above this, drivers accept what the hardware does not.
  static let maxHeight = 16384

  let height: UInt32

  /// - Parameter size: Bytes; at most 64 TiB, which no driver has.
  init?(holding size: Int) {
    guard let height = UInt32(exactly: size.dividedRoundingUp(by: Self.pitch)) else { return nil }
    self.height = height
  }
}
