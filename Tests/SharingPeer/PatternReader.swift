import Glibc
import TexAlloc

/// A consumer that compares what it is handed with a pattern, once the fence has passed that came with it, and
/// gives it back with the fence that lies with the memory. It listens to its socket only between hand-overs, so
/// that a fence that is no sync file never passes.
struct PatternReader {
  static let image = ImageDescriptor(width: 64, height: 64, formats: [.abgr8888])

  /// The bytes of a row in contents of that generation.
  static func row(_ row: Int, of generation: UInt64) -> [UInt8] {
    (0..<image.width * 4).map { UInt8(truncatingIfNeeded: $0 * 7 + row * 31 + Int(generation)) }
  }

  private let socket: BufferSocket

  init(over socket: BufferSocket) { self.socket = socket }

  /// - Returns: Whether the other side has said that it was all.
  func run() throws -> Bool {
    while let event = try socket.receive(until: .now + .seconds(120)) {
      switch event {
      case .received(let image):
        if let refusal = try flaw(of: image) {
          try socket.refuse(image.handOver, because: refusal)
        } else {
          try socket.release(
            image.handOver, after: try image.buffer.fence(before: .writing))
        }
      case .withdrawn: break
      case .closed(let words): return words == "that was all"
      case .asked, .attributes, .conflict, .released: return false
      }
    }
    return false
  }

  private func flaw(of image: ReceivedBuffer) throws -> String? {
    if let fence = image.fence {
      guard fence is SyncFile else { return "the fence is no sync file" }
      guard fence.wait(until: .now + .seconds(60)) else { return "the fence does not pass" }
    }
    let size = Self.image.width * 4
    let pixels = try image.buffer.pixels(evenIfSlow: true)
    for row in 0..<Self.image.height
    where Array(pixels[row * size..<(row + 1) * size])
      != Self.row(row, of: image.handOver.generation)
    {
      return "row \(row) of generation \(image.handOver.generation) is another"
    }
    return nil
  }
}
