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

  /// A place can be carved in many ways, of which each leaves images behind.
  private static let mostEntries = 256

  let memory: DeviceMemory
  private let state = Mutex((entries: [Int: Entry](), last: VulkanFence?.none))
  private let source = Mutex<CopySource?>(nil)

  init(_ memory: DeviceMemory) { self.memory = memory }

  deinit {
    let (entries, last) = state.withLock { $0 }
    if let last, !last.wait(until: .now + longestWait) {
      leaveToQueue((entries, source.withLock { $0 }, memory))
    }
  }

  /// Those that showed an image which lay like this buffer.
  func take(for buffer: TextureBuffer) -> [LinearImage]? {
    state.withLock { state in
      guard state.entries[buffer.offset]?.layout == buffer.layout else { return nil }
      return state.entries.removeValue(forKey: buffer.offset)?.images
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
