internal import Synchronization
internal import TexAlloc

extension EGLDevice {
  /// Every texture of the device: the live ones, then those that wait to be collected.
  public var ledger: [TextureEntry] {
    let (live, retired) = state.withLock { state in
      (state.textures.values.compactMap(\.texture), state.retired)
    }
    func entry(
      _ buffer: TextureBuffer, _ name: UInt32, isImported: Bool,
      since start: ContinuousClock.Instant, _ state: TextureEntry.State
    ) -> TextureEntry {
      TextureEntry(
        buffer: buffer.name, size: buffer.layout.size, seconds: (.now - start) / .seconds(1),
        name: name, isImported: isImported, state: state)
    }
    return live.sorted { $0.name < $1.name }.map {
      entry($0.buffer, $0.name, isImported: $0.path == .imported, since: $0.start, .live)
    }
      + retired.map {
        entry($0.buffer, $0.name, isImported: $0.image != nil, since: $0.start, .retired)
      }
  }
}
