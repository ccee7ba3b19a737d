internal import SystemPackage
internal import TexAlloc

/// Reads whole files into memory. They are not mapped: a file that somebody cuts short while it is
/// decoded would end this process.
enum FileBytes {
  /// The bytes of a regular file.
  ///
  /// - Parameter limit: Bytes; a longer file is refused.
  static func read(_ path: FilePath, limit: Int) throws(JPEGError) -> [UInt8] {
    do {
      let file = try OwnedDescriptor(owning: open(path))
      let status = try file.descriptor.stat()
      if let other = kindUnlessRegular(status.type) {
        throw JPEGError(path.string, .notAFile(other))
      }
      let size = Int(status.size)
      try JPEGImage.check(.fileSize, size, limit, path.string)
      let bytes = try read(file.descriptor, expecting: size, limit: limit)
      try JPEGImage.check(.fileSize, bytes.count, limit, path.string)
      return bytes
    } catch let error as JPEGError {
      throw error
    } catch {
      throw JPEGError(path.string, .unreadable(error as? Errno ?? .ioError))
    }
  }

  /// Without waiting for somebody to write, where the file is a pipe.
  private static func open(_ path: FilePath) throws -> FileDescriptor {
    try .open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
  }

  /// Reads to the end, wherever it is by then, but at most one byte beyond the limit: the size of a
  /// file that is being written changes, and that of a file of /proc is 0.
  private static func read(
    _ file: FileDescriptor, expecting size: Int, limit: Int
  ) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var count = 0
    repeat {
      // One byte more than is expected finds the end without reading again.
      let room = min(max(size, count * 2, 4096), limit) + 1
      bytes += repeatElement(0, count: room - bytes.count)
      while count < bytes.count {
        // The array is not touched by anybody else meanwhile.
        let read = unsafe try bytes.withUnsafeMutableBytes {
          unsafe try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...]))
        }
        if read == 0 {
          bytes.removeLast(bytes.count - count)
          return bytes
        }
        count += read
      }
    } while count <= limit
    return bytes
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

/// What the first bytes of a file tell about its kind.
struct FileSignature {
  private let kind: String
  private let bytes: [UInt8]
  /// Bytes from the start of the file.
  private let offset: Int

  private init(_ kind: String, _ bytes: [UInt8], at offset: Int = 0) {
    self.kind = kind
    self.bytes = bytes
    self.offset = offset
  }

  private init(_ kind: String, _ characters: String, at offset: Int = 0) {
    self.init(kind, Array(characters.utf8), at: offset)
  }

  private static let jpeg = FileSignature("a JPEG", [0xFF, 0xD8])

  private static let others = [
    FileSignature("a PNG", [0x89, 0x50, 0x4E, 0x47]),
    FileSignature("a GIF", "GIF8"),
    FileSignature("a WebP", "WEBP", at: 8),
    FileSignature("an AVIF", "ftypavif", at: 4),
    FileSignature("a HEIF", "ftyphei", at: 4),
    FileSignature("a HEIF", "ftypmif1", at: 4),
    FileSignature("a JPEG XL", [0xFF, 0x0A]),
    FileSignature("a JPEG XL", "JXL ", at: 4),
    FileSignature("a JPEG 2000", "jP  ", at: 4),
    FileSignature("a JPEG 2000", [0xFF, 0x4F, 0xFF, 0x51]),
    FileSignature("a BMP", "BM"),
    FileSignature("a TIFF", [0x49, 0x49, 0x2A, 0x00]),
    FileSignature("a TIFF", [0x4D, 0x4D, 0x00, 0x2A]),
    FileSignature("XML or HTML", "<"),
  ]

  /// What a file that does not begin as a JPEG does seems to be; nil for one that does.
  static func kindUnlessJPEG(_ file: [UInt8]) -> String? {
    if jpeg.begins(file) { return nil }
    if let other = others.first(where: { $0.begins(file) }) { return other.kind }
    let start = file.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return "something that begins with " + start.joined(separator: " ")
  }

  private func begins(_ file: [UInt8]) -> Bool {
    file.dropFirst(offset).starts(with: bytes)
  }
}
