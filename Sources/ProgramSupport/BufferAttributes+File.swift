internal import SystemPackage
package import TexAlloc
internal import TexAllocJSON

extension BufferAttributes {
  /// Reads the JSON form of one participant from a file.
  package init(contentsOf file: String) throws(InvalidAttributes) {
    let text: [UInt8]
    do {
      let descriptor = try FileDescriptor.open(FilePath(file), .readOnly)
      // One byte more is enough to see that the file is too long.
      text = try descriptor.closeAfter {
        try descriptor.bytes(atMost: BufferAttributes.maximumJSONByteCount + 1)
      }
    } catch {
      throw InvalidAttributes(participant: file, field: nil, reason: "cannot be read: \(error)")
    }
    try self.init(json: text, file: file)
  }
}

extension FileDescriptor {
  fileprivate func bytes(atMost limit: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit)
    var count = 0
    while count < limit {
      // SAFETY: reads into what is left of the array.
      let read = try unsafe bytes.withUnsafeMutableBytes { buffer in
        try unsafe self.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
      }
      if read == 0 { break }
      count += read
    }
    return Array(bytes.prefix(count))
  }
}
