import CLinux
import Glibc
import SystemPackage
import XCTest

/// A memfd of the application's.
final class Memfd {
  /// F_SEAL_SEAL of fcntl(2): no more seals.
  static let sealed: CInt = 1
  /// As memory that is handed over is sealed.
  static let shared = texalloc_seal_shrink | texalloc_seal_grow | texalloc_seal_seal

  let descriptor: FileDescriptor

  init(size: Int, seals: CInt = 0) throws {
    let raw = unsafe texalloc_memfd_create("application", 0)
    guard raw >= 0 else { throw Errno(rawValue: errno) }
    descriptor = FileDescriptor(rawValue: raw)
    try descriptor.resize(to: Int64(size))
    if seals != 0 { XCTAssertEqual(texalloc_add_seals(raw, seals), 0) }
  }

  deinit { try? descriptor.close() }

  func write(_ bytes: [UInt8], at offset: Int64) throws {
    _ = try unsafe bytes.withUnsafeBytes {
      try unsafe descriptor.write(toAbsoluteOffset: offset, $0)
    }
  }

  func byte(at offset: Int64) throws -> UInt8 {
    var byte: UInt8 = 0
    let count = try unsafe withUnsafeMutableBytes(of: &byte) {
      try unsafe descriptor.read(fromAbsoluteOffset: offset, into: $0)
    }
    XCTAssertEqual(count, 1)
    return byte
  }
}
