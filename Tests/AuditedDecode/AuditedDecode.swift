internal import Glibc
internal import SystemPackage
internal import TexAlloc
internal import TexAllocAudit
internal import TexAllocJPEG

/// Decodes a JPEG file, so that others can watch: says first where its pixels will lie. With `--audit`
/// it watches itself, and prints the report.
@main
struct AuditedDecode {
  static func main() throws {
    let photo = try JPEGImage(contentsOf: FilePath(CommandLine.arguments[1]))
    let pool = try TexturePool(for: [JPEGDecoder.component], from: [MemfdHeap()])
    let buffer = try pool.allocate(photo.descriptor)
    if CommandLine.arguments.contains("--audit") {
      let audit = try Audit(of: pool)
      try photo.decode(into: buffer)
      print(audit.finish().json)
    } else {
      let addresses = addresses(of: buffer)
      print("decoding into", hexadecimal(addresses.lowerBound), hexadecimal(addresses.upperBound))
      fflush(nil)
      try photo.decode(into: buffer)
    }
  }

  private static func addresses(of buffer: TextureBuffer) -> Range<UInt> {
    var writer = buffer.writer()
    let size = UInt(writer.pitch * writer.rowCount)
    var addresses: Range<UInt> = 0..<0
    _ = unsafe writer.decodeRows(from: 0) { start, _ in
      addresses = UInt(bitPattern: start)..<UInt(bitPattern: start) + size
      return 0
    }
    return addresses
  }

  /// As lackey writes addresses.
  private static func hexadecimal(_ address: UInt) -> String {
    let digits = String(address, radix: 16)
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }
}
