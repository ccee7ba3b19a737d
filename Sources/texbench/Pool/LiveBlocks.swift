internal import Glibc

/// As many live blocks of glibc's allocator, each in turn replaced by another, shuffled.
@safe final class LiveBlocks {
  private var blocks: [UnsafeMutableRawPointer?]
  private let size: Int
  private var place = 0

  init(count: Int, size: Int) {
    self.size = size
    unsafe blocks = (0..<count).map { _ in unsafe malloc(size) }
    var random = SplitMix64(seed: 1)
    unsafe blocks.shuffle(using: &random)
  }

  deinit { unsafe blocks.forEach { unsafe free($0) } }

  /// Frees one block and allocates another in its stead.
  func replaceNext() {
    place = unsafe place + 1 < blocks.count ? place + 1 : 0
    unsafe free(blocks[place])
    unsafe blocks[place] = malloc(size)
  }
}
