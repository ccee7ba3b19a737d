internal import Glibc
internal import TexAlloc

/// How decoded pixels get from ordinary memory into that of a pool.
enum CopyKind {
  case memcpy, streaming
  /// Not at all: they are decoded there.
  case none

  /// - Parameter handOver: How the pixels get from there to the texture.
  func routeName(to memory: String, _ handOver: String = "import") -> String {
    switch self {
    case .memcpy: "decode, memcpy into \(memory), \(handOver)"
    case .streaming: "decode, streaming copy into \(memory), \(handOver)"
    case .none: "straight into \(memory), \(handOver)"
    }
  }

  /// - Parameter pixels: Rows at the pitch of the writer.
  func copy(_ pixels: OrdinaryPixels, to writer: inout PlaneWriter) {
    switch self {
    case .memcpy:
      // As many bytes as the plane has, and no others.
      let pitch = writer.pitch
      _ = unsafe writer.decodeRows(from: 0) { rows, count in
        if let from = unsafe pixels.memory.baseAddress {
          unsafe Glibc.memcpy(rows, from, count * pitch)
        }
        return count
      }
    case .streaming:
      for row in 0..<writer.rowCount {
        let start = row * writer.pitch
        writer.write(pixels.span.extracting(start..<start + writer.rowSize), row: row)
      }
    case .none: break
    }
  }
}
