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
    let layout: ImageLayout
    let images: [LinearImage]
  }

  /// A kind of images of which one was found to be as it should, in every respect.
  struct Kind: Sendable {
    let layout: ImageLayout
    /// From the last page that begins before the image.
    fileprivate let offset: Int
    /// Of each plane: how Vulkan calls it, and what the driver wants of such images.
    let planes: [(format: PlaneFormat, needs: LinearNeeds)]
  }

  /// What is known of an image that is new.
  enum Find {
    /// Those that showed an image which lay like it.
    case images([LinearImage])
    case kind(Kind)
  }

  /// A place can be carved in many ways, of which each leaves images behind.
  private static let mostEntries = 256
  private static let mostKinds = 32

  let memory: DeviceMemory
  private let state = Mutex(
    (entries: [Int: Entry](), kinds: [Kind](), last: VulkanFence?.none))
  private let source = Mutex<CopySource?>(nil)

  init(_ memory: DeviceMemory) { self.memory = memory }

  deinit {
    let (entries, _, last) = state.withLock { $0 }
    if let last, !last.wait(until: .now + longestWait) {
      leaveToQueue((entries, source.withLock { $0 }, memory))
    }
  }

  /// What is known of the place of this buffer, or of its kind.
  func find(for buffer: TextureBuffer) -> Find? {
    let (layout, place) = (buffer.layout, buffer.offset)
    return state.withLock { state in
      if state.entries[place]?.layout == layout,
        let entry = state.entries.removeValue(forKey: place)
      {
        return .images(entry.images)
      }
      let offset = place % pageSize
      return state.kinds.first { $0.offset == offset && $0.layout == layout }.map { .kind($0) }
    }
  }

  /// Keeps that images which lie like this buffer need no more questions.
  func remember(_ images: [LinearImage], of buffer: TextureBuffer) {
    let kind = Kind(
      layout: buffer.layout, offset: buffer.offset % pageSize,
      planes: images.map { ($0.format, $0.needs) })
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
      var gone = state.entries.removeValue(forKey: buffer.offset)?.images ?? []
      if state.entries.count >= Self.mostEntries {
        gone += state.entries.values.flatMap(\.images)
        state.entries = [:]
      }
      state.entries[buffer.offset] = Entry(layout: buffer.layout, images: images)
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

/// A slab that a device keeps something with.
final class WeakSlab: Sendable {
  weak let slab: Slab?

  init(_ slab: Slab) { self.slab = slab }
}
