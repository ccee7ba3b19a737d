import Dispatch
import Synchronization
import TexAlloc

/// A decoder of a kind of file that has a letter, its width, its height, and whether it is sound. Tests
/// see what it does, and may hold it.
final class ScriptedDecoder: ImageDecoder {
  let attributes = BufferAttributes.rowWriter("scripted", of: [.xbgr8888])
  let signatureSize = 1
  /// Names of what was opened, in order.
  let opened = Mutex<[String]>([])
  /// Names of what was decoded to its end.
  let decoded = Mutex<[String]>([])
  /// Rows that were written.
  let rows = Atomic(0)
  /// Waits where tests want it to.
  let gate = Gate()

  static func file(_ width: Int = 16, _ height: Int = 16, isSound: Bool = true) -> [UInt8] {
    [UInt8(ascii: "S"), UInt8(width), UInt8(height), isSound ? 1 : 0]
  }

  func recognizes(_ start: Span<UInt8>) -> Bool {
    start.count == 1 && start[0] == UInt8(ascii: "S")
  }

  func open(
    _ source: ImageSource, _ options: DecodingOptions
  ) throws(ImageDecodingError) -> any EncodedImage {
    opened.withLock { $0.append(source.name) }
    var bytes = [UInt8](repeating: 0, count: 4)
    var span = bytes.mutableSpan
    guard try source.read(into: &span, at: 0) == 4 else {
      throw ImageDecodingError(source.name, .truncated(.header))
    }
    let image = ImageDescriptor(
      width: Int(bytes[1]), height: Int(bytes[2]), writtenBy: attributes, alpha: .opaque)
    return ScriptedImage(
      header: ImageHeader(name: source.name, image, orientation: .turnedRight),
      isSound: bytes[3] == 1, decoder: self)
  }
}

private struct ScriptedImage: EncodedImage {
  let header: ImageHeader
  let isSound: Bool
  let decoder: ScriptedDecoder

  func decode(
    into buffer: TextureBuffer, on workers: any Workers, goOn: @Sendable (Double) -> Bool
  ) throws(ImageDecodingError) -> DecodingReport {
    let size = header.descriptor.size
    let row = [UInt8](repeating: 200, count: size.width * 4)
    var writer = buffer.writer()
    for number in 0..<size.height {
      decoder.gate.pass(header.name)
      guard goOn(Double(number) / Double(size.height)) else {
        throw ImageDecodingError(header.name, .cancelled)
      }
      guard isSound || number < size.height / 2 else {
        buffer.discard(because: "damaged")
        throw ImageDecodingError(header.name, .damaged("nonsense", .row(number)))
      }
      writer.write(row.span, row: number)
      decoder.rows.add(1, ordering: .relaxed)
    }
    decoder.decoded.withLock { $0.append(header.name) }
    return DecodingReport(goodRows: 0..<size.height)
  }
}

/// Where threads wait as long as it is shut for what they do.
final class Gate: Sendable {
  private struct State {
    var isShut: @Sendable (String) -> Bool = { _ in false }
    var waiting: [DispatchSemaphore] = []
  }

  private let state = Mutex(State())

  /// How many wait.
  var waiting: Int { state.withLock { $0.waiting.count } }

  func shut(for isShut: @escaping @Sendable (String) -> Bool = { _ in true }) {
    state.withLock { $0.isShut = isShut }
  }

  func open() {
    let waiting = state.withLock { state in
      state.isShut = { _ in false }
      defer { state.waiting = [] }
      return state.waiting
    }
    for thread in waiting { thread.signal() }
  }

  func pass(_ name: String) {
    let wait = state.withLock { state -> DispatchSemaphore? in
      guard state.isShut(name) else { return nil }
      let wait = DispatchSemaphore(value: 0)
      state.waiting.append(wait)
      return wait
    }
    wait?.wait()
  }
}
