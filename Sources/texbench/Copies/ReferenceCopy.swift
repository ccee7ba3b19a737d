internal import CTexbench
internal import Glibc

/// A copy that somebody wrote by hand.
enum ReferenceCopy: String, CaseIterable {
  case memcpy
  case avx2 = "AVX2 NT"
  case avx512 = "AVX-512 NT"

  /// Whether the processor has the instructions.
  var isAvailable: Bool {
    switch self {
    case .memcpy: true
    case .avx2: texbench_has_avx2()
    case .avx512: texbench_has_avx512()
    }
  }

  /// Copies whole lines to where a line begins.
  @unsafe func copy(
    to destination: UnsafeMutableRawPointer, from source: UnsafeRawPointer, size: Int
  ) {
    switch self {
    case .memcpy: _ = unsafe Glibc.memcpy(destination, source, size)
    case .avx2: unsafe texbench_copy_avx2(destination, source, size)
    case .avx512: unsafe texbench_copy_avx512(destination, source, size)
    }
  }
}
