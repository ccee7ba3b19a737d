internal import Glibc
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc

/// A pipe of as many bytes as the kernel lets anybody have, for the pixels of one image after the other.
final class PixelPipe {
  private let writingEnd: OwnedDescriptor
  private var readingEnd: OwnedDescriptor?

  init() throws {
    let (reading, writing) = try FileDescriptor.pipe()
    readingEnd = OwnedDescriptor(owning: reading)
    writingEnd = OwnedDescriptor(owning: writing)
    // The default of /proc/sys/fs/pipe-max-size; where less is allowed, it stays as it is.
    _ = fcntl(writing.rawValue, 1024 + 7, CInt(1 << 20))  // F_SETPIPE_SZ
  }

  /// For the other process, once. Here, it is closed when that has it.
  func takeReadingEnd() throws -> OwnedDescriptor {
    guard let end = readingEnd.take() else { throw ProgramFailure("the pipe was given away") }
    return end
  }

  func write(_ pixels: [UInt8]) throws {
    // The bytes live as long as the call.
    _ = try unsafe pixels.withUnsafeBytes { try unsafe writingEnd.descriptor.writeAll($0) }
  }

  /// Fills the rows.
  static func read(_ end: FileDescriptor, to rows: inout RawPlane) throws {
    // They are lent for as long as the call.
    try unsafe rows.withUnsafeBytes { bytes in
      var count = 0
      while count < bytes.count {
        let more = try unsafe end.read(
          into: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
        if more == 0 { throw ProgramFailure("the pipe has ended") }
        count += more
      }
    }
  }
}
