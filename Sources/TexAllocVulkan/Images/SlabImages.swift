internal import CVulkan
internal import Synchronization
internal import TexAlloc

/// What a device keeps with a slab: the memory as it sees it, and the images of those that are gone, each at
/// the place that it shows. The next image that lies there in the same way takes them over.
///
/// It goes before the slab's memory does. What the device still uses then, its pool cannot wait for: it
/// is waited for here.
final class SlabImages: Sendable {
  private struct Entry: Sendable {
    let kind: ImageKind
    let images: [LinearImage]
  }

  private struct State: Sendable {
    var entries: [Int: Entry] = [:]
    var kinds: [ImageKind] = []
    var last: VulkanFence?
  }

  /// A place can be carved in many ways, of which each leaves images behind.
  private static let mostEntries = 256
  private static let mostKinds = 32

  let memory: DeviceMemory
  private let state = Mutex(State())
  private let source = Mutex<CopySource?>(nil)

  init(_ memory: DeviceMemory) { self.memory = memory }

  deinit {
    let (entries, last) = state.withLock { ($0.entries, $0.last) }
    if let last, !last.wait(until: .now + longestWait) {
      leaveToQueue((entries, source.withLock { $0 }, memory))
    }
  }

  /// The kind of this buffer, where one of it is known, and the images of one that lay in its place.
  func find(for buffer: TextureBuffer) -> (kind: ImageKind, images: [LinearImage]?)? {
    state.withLock { state in
      guard let kind = state.kinds.first(where: { $0.includes(buffer) }) else { return nil }
      guard !state.entries.isEmpty, let entry = state.entries[buffer.offset], entry.kind === kind
      else { return (kind, nil) }
      state.entries[buffer.offset] = nil
      return (kind, entry.images)
    }
  }

  /// Keeps that images which lie like this buffer need no more questions.
  func remember(_ images: [LinearImage], of buffer: TextureBuffer) {
    let kind = ImageKind(of: buffer, images)
    state.withLock { state in
      if state.kinds.count >= Self.mostKinds { state.kinds = [] }
      state.kinds.append(kind)
    }
  }

  /// - Parameter fence: The end of their use.
  /// - Returns: Those that nobody needs any more, which the device may still use until the fence.
  func keep(
    _ images: [LinearImage], of buffer: TextureBuffer, until fence: VulkanFence
  ) -> [LinearImage] {
    state.withLock { state in
      state.last = fence
      guard let kind = state.kinds.first(where: { $0.includes(buffer) }) else { return images }
      var gone = state.entries.removeValue(forKey: buffer.offset)?.images ?? []
      if state.entries.count >= Self.mostEntries {
        gone += state.entries.values.flatMap(\.images)
        state.entries = [:]
      }
      state.entries[buffer.offset] = Entry(kind: kind, images: images)
      return gone
    }
  }

  /// The whole of it as a buffer to copy from, made when first needed.
  func copySource() throws(VulkanFailure) -> CopySource {
    try source.withLock { known throws(VulkanFailure) in
      if let known { return known }
      let made = try CopySource(of: memory)
      known = made
      return made
    }
  }

  func hold(until fence: VulkanFence) { state.withLock { $0.last = fence } }
}

/// A kind of images of which one was found to be as it should, in every respect.
final class ImageKind: Sendable {
  private let layout: ImageLayout
  /// From the last page that begins before the image.
  private let offset: Int
  let planes: [LinearPlane]

  fileprivate init(of buffer: TextureBuffer, _ images: [LinearImage]) {
    layout = buffer.layout
    offset = buffer.offset & (pageSize - 1)
    planes = images.enumerated().map { index, image in
      let plane = buffer.layout.planes[index]
      return LinearPlane(
        format: image.format, size: image.size, offset: plane.offset, pitch: plane.pitch,
        needs: image.needs)
    }
  }

  fileprivate func includes(_ buffer: TextureBuffer) -> Bool {
    offset == buffer.offset & (pageSize - 1) && layout == buffer.layout
  }
}

/// A slab that a device keeps something with.
final class WeakSlab: Sendable {
  weak let slab: Slab?

  init(_ slab: Slab) { self.slab = slab }
}
