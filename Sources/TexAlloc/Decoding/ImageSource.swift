internal import Glibc
public import SystemPackage

/// The bytes of a file that decoders read: by a path, by a descriptor, or in memory.
///
/// Files are read in pieces, with pread(2), and never mapped: a file that somebody cuts short while it
/// is decoded would end the process. The value is cheap to copy, and any thread may read.
public struct ImageSource: Sendable {
  private enum Storage: Sendable {
    case bytes([UInt8])
    case read(FileBytes)
    case borrowed(BorrowedBytes)
    case file(OpenFile)
  }

  /// What errors call it: the path of the file, or what the caller said.
  public let name: String
  /// Bytes; of a file, as many as it had when it was opened, which may change.
  public let size: Int
  private let storage: Storage

  /// Bytes of which it keeps a reference.
  public init(_ bytes: [UInt8], named name: String = "bytes") {
    self.name = name
    size = bytes.count
    storage = .bytes(bytes)
  }

  /// A file that was read already.
  package init(_ bytes: FileBytes, named name: String) {
    self.name = name
    size = bytes.count
    storage = .read(bytes)
  }

  /// Bytes that the caller keeps alive and unchanged until nobody reads this any more, nor anything
  /// that was opened with it.
  @unsafe public init(borrowing bytes: UnsafeRawBufferPointer, named name: String = "bytes") {
    self.name = name
    size = bytes.count
    storage = .borrowed(unsafe BorrowedBytes(bytes: bytes))
  }

  /// A regular file, or a link to one; without waiting for somebody to write, where it is a pipe.
  ///
  /// - Throws: `unreadable` or `notAFile`.
  public init(_ path: FilePath) throws(ImageDecodingError) {
    let file: OwnedDescriptor
    do {
      file = OwnedDescriptor(
        owning: try .open(path, .readOnly, options: [.closeOnExec, .nonBlocking]))
    } catch {
      throw ImageDecodingError(path.string, .unreadable(error as? Errno ?? .ioError))
    }
    try self.init(file, named: path.string)
  }

  /// A regular file by its descriptor, whose position stays where it is.
  ///
  /// - Throws: `unreadable` or `notAFile`.
  public init(
    _ file: consuming OwnedDescriptor, named name: String = "file"
  ) throws(ImageDecodingError) {
    let status: Stat
    do { status = try file.descriptor.stat() } catch {
      throw ImageDecodingError(name, .unreadable(error))
    }
    if let other = Self.kindUnlessRegular(status.type) {
      throw ImageDecodingError(name, .notAFile(other))
    }
    self.name = name
    size = Int(status.size)
    storage = .file(OpenFile(file))
  }

  /// Reads bytes from anywhere.
  ///
  /// - Parameters:
  ///   - bytes: Filled from its start.
  ///   - offset: Bytes from the start of the file.
  /// - Returns: How many were read: fewer than there is room for only where the file ends.
  /// - Throws: `unreadable`.
  public func read(
    into bytes: inout MutableSpan<UInt8>, at offset: Int
  ) throws(ImageDecodingError) -> Int {
    switch storage {
    case .bytes(let all): return Self.copy(all.span, from: offset, to: &bytes)
    case .read(let all):
      return all.withSpan { Self.copy($0, from: offset, to: &bytes) }
    case .borrowed(let all): return Self.copy(all.span, from: offset, to: &bytes)
    case .file(let file):
      do { return try file.read(into: &bytes, at: offset) } catch {
        throw ImageDecodingError(name, .unreadable(error))
      }
    }
  }

  /// Lets the bytes be read where they lie, where they all lie in memory; else answers nil.
  public func withBytesInMemory<Result: ~Copyable, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    switch storage {
    case .bytes(let all): try body(all.span)
    case .read(let all): try all.withSpan(body)
    case .borrowed(let all): try body(all.span)
    case .file: nil
    }
  }

  private static func copy(
    _ all: Span<UInt8>, from offset: Int, to bytes: inout MutableSpan<UInt8>
  ) -> Int {
    let count = max(0, min(bytes.count, all.count - offset))
    let source = all.extracting(droppingFirst: min(offset, all.count)).extracting(first: count)
    // Two spans that do not overlap: one of them is exclusive.
    unsafe bytes.withUnsafeMutableBytes { to in
      unsafe source.withUnsafeBytes { unsafe to.copyMemory(from: $0) }
    }
    return count
  }

  private static func kindUnlessRegular(_ type: FileType) -> String? {
    switch type {
    case .regular: nil
    case .directory: "a directory"
    case .fifo: "a pipe"
    case .socket: "a socket"
    default: "a device"
    }
  }
}

/// Bytes that the caller has promised to keep alive and unchanged, which any thread may then read.
@safe private struct BorrowedBytes: @unchecked Sendable {
  private let bytes: UnsafeRawBufferPointer

  @unsafe init(bytes: UnsafeRawBufferPointer) { unsafe self.bytes = bytes }

  var span: Span<UInt8> {
    @_lifetime(borrow self) get { unsafe Span(_unsafeBytes: bytes) }
  }
}

/// A descriptor that several sources share.
private final class OpenFile: Sendable {
  private let file: OwnedDescriptor

  init(_ file: consuming OwnedDescriptor) { self.file = file }

  func read(into bytes: inout MutableSpan<UInt8>, at offset: Int) throws(Errno) -> Int {
    do {
      return try unsafe bytes.withUnsafeMutableBytes { bytes throws in
        var count = 0
        while count < bytes.count {
          let read = try unsafe file.descriptor.read(
            fromAbsoluteOffset: Int64(offset + count),
            into: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
          if read == 0 { break }
          count += read
        }
        return count
      }
    } catch {
      throw error as? Errno ?? .ioError
    }
  }
}
