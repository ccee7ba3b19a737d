import Synchronization
import TestSupport
import TexAlloc

/// A device that shows copies of pages, and draws as slowly as a test likes.
final class SamplingDevice: Registrar {
  final class Copy: Registration {
    let component = "device"
    let buffer: TextureBuffer
    private let copied: Mutex<[UInt8]>
    private let told = Mutex<[Range<Int>]>([])

    init(of buffer: TextureBuffer) {
      self.buffer = buffer
      copied = Mutex(Self.contents(of: buffer))
    }

    /// What it shows.
    var pixels: [UInt8] { copied.withLock { $0 } }
    /// Rows that it was told of.
    var changes: [Range<Int>] { told.withLock { $0 } }

    func contentsChanged(rows: Range<Int>?) {
      let rows = rows ?? 0..<buffer.layout.height
      let (fresh, pitch) = (Self.contents(of: buffer), buffer.layout.planes[0].pitch)
      copied.withLock { copied in
        let bytes = rows.lowerBound * pitch..<rows.upperBound * pitch
        copied.replaceSubrange(bytes, with: fresh[bytes])
      }
      told.withLock { $0.append(rows) }
    }

    private static func contents(of buffer: TextureBuffer) -> [UInt8] {
      (try? buffer.withContents { span in span.indices.map { span[$0] } }) ?? []
    }
  }

  private struct State {
    var fences: [ManualFence] = []
    var isFast = true
    var isLost = false
  }

  let attributes = BufferAttributes(name: "device") {
    $0.deviceUsage = [.sample]
    $0.maxWidth = 2048
    $0.maxHeight = 2048
  }
  private let state = Mutex(State())

  /// Whether what it is given to draw is done at once; what was given before is done then, too.
  var isFast: Bool {
    get { state.withLock { $0.isFast } }
    set {
      state.withLock { state in
        state.isFast = newValue
        if newValue { for fence in state.fences { fence.pass() } }
      }
    }
  }

  var isLost: Bool {
    get { state.withLock { $0.isLost } }
    set { state.withLock { $0.isLost = newValue } }
  }

  var fenceCount: Int { state.withLock { $0.fences.count } }

  func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> Copy {
    if isLost {
      throw RegistrationRefused(
        .lost, by: "device", field: "context", wanted: "one", held: "a lost one")
    }
    return Copy(of: buffer)
  }

  func endOfUses() -> any Fence {
    let fence = ManualFence()
    state.withLock { state in
      if state.isFast { fence.pass() }
      state.fences.append(fence)
    }
    return fence
  }
}
