internal import CVulkan
internal import Synchronization
internal import TexAlloc

/// An image where it lies in memory, with a view of it.
///
/// It knows whether it is in its layout, and the device's: it is taken, may be given back to those whose memory it
/// is, and taken again. Of all who ask for a barrier, on whatever threads, one gets it.
@safe class PlacedImage: @unchecked Sendable {  // handles, which never change
  let image: VkImage
  let view: VkImageView
  let size: ImageSize
  /// That it lies in, with its first plane at least; and that of the other planes. They live as long.
  private let memory: DeviceMemory
  private let others: [DeviceMemory]
  private let initialLayout: VkImageLayout
  private let state = Atomic(State.new)

  /// The only one in which a device may sample what the CPU writes again.
  static let layout = VK_IMAGE_LAYOUT_GENERAL

  private enum State: UInt8, AtomicRepresentable {
    case new
    /// Some list of commands brings it into its layout.
    case taken
    /// Some list of commands gives it back, in its layout.
    case released
  }

  /// Takes over the handles.
  @unsafe init(
    _ image: VkImage, _ view: VkImageView, _ size: ImageSize, in memory: DeviceMemory,
    and others: [DeviceMemory] = [], from initialLayout: VkImageLayout
  ) {
    unsafe self.image = image
    unsafe self.view = view
    self.size = size
    self.memory = memory
    self.others = others
    self.initialLayout = initialLayout
  }

  deinit {
    let connection = memory.connection
    unsafe connection.functions.destroyImageView(connection.device, view, nil)
    unsafe connection.functions.destroyImage(connection.device, image, nil)
  }

  var wantsBarrier: Bool { state.load(ordering: .acquiring) != .taken }

  /// Whether it can be given back: it was taken, from memory that is not the device's alone.
  var wantsRelease: Bool { isOthers && !wantsBarrier }

  private var isOthers: Bool { memory.owner != QueueFamily.ignored }

  /// What brings it into its layout, for whoever asks first: nil afterwards.
  func takeBarrier() -> VkImageMemoryBarrier? {
    switch state.exchange(.taken, ordering: .acquiringAndReleasing) {
    case .new: unsafe memory.barrier(of: image, from: initialLayout)
    case .released: unsafe memory.barrier(of: image, from: Self.layout)
    case .taken: nil
    }
  }

  /// What gives it back, for whoever asks first: nil afterwards, and where there is nobody to have it. It
  /// wants its barrier again.
  func takeRelease() -> VkImageMemoryBarrier? {
    guard isOthers,
      state.compareExchange(
        expected: .taken, desired: .released, ordering: .acquiringAndReleasing
      ).exchanged
    else { return nil }
    return unsafe memory.release(of: image)
  }

  /// Has the next one get a barrier that was taken, where it is this image's: it was submitted by nobody.
  func putBack(_ barrier: VkImageMemoryBarrier) {
    guard unsafe barrier.image == image else { return }
    let isRelease = unsafe isOthers && barrier.dstQueueFamilyIndex == memory.owner
    let wasTaken = unsafe barrier.oldLayout == Self.layout
    state.store(isRelease ? .taken : wasTaken ? .released : .new, ordering: .releasing)
  }
}

/// Images that a list of commands brings into the layout in which they are sampled.
protocol Preparable {
  var layout: VkImageLayout { get }
  /// Of those that need it.
  var placed: [PlacedImage] { get }
}

extension Preparable {
  /// Whether nobody has asked for its barriers.
  var wantsBarriers: Bool { placed.contains(where: \.wantsBarrier) }

  /// Whether it can be given back.
  var wantsReleases: Bool { placed.contains(where: \.wantsRelease) }

  func takeBarriers() -> [VkImageMemoryBarrier] {
    unsafe placed.compactMap { unsafe $0.takeBarrier() }
  }

  func takeReleases() -> [VkImageMemoryBarrier] {
    unsafe placed.compactMap { unsafe $0.takeRelease() }
  }

  func putBack(_ barriers: [VkImageMemoryBarrier]) {
    for image in placed { unsafe barriers.forEach { unsafe image.putBack($0) } }
  }
}

extension DeviceMemory {
  /// Whose the memory is while no queue of the device has it: other drivers' that of a dma-buf, that of other
  /// APIs of the same GPU what is exported. Memory of the process, and the device's own, is nobody's.
  var owner: UInt32 {
    switch handleType {
    case VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT.rawValue:
      connection.extensions.contains("VK_EXT_queue_family_foreign")
        ? QueueFamily.foreign : QueueFamily.external
    case Self.exportedType: QueueFamily.external
    default: QueueFamily.ignored
    }
  }

  /// Brings a linear image that lies here into its layout, and to the device's queue where it is others',
  /// too.
  @unsafe fileprivate func barrier(of image: VkImage, from old: VkImageLayout)
    -> VkImageMemoryBarrier
  {
    let isOthers = owner != QueueFamily.ignored
    return unsafe VkImageMemoryBarrier(
      sType: VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER, pNext: nil,
      srcAccessMask: isOthers ? 0 : VK_ACCESS_HOST_WRITE_BIT.rawValue,
      dstAccessMask: VK_ACCESS_SHADER_READ_BIT.rawValue, oldLayout: old,
      newLayout: PlacedImage.layout, srcQueueFamilyIndex: owner,
      dstQueueFamilyIndex: isOthers ? connection.queueFamily : QueueFamily.ignored,
      image: image, subresourceRange: .colour(levels: 0..<1))
  }

  /// Gives it back.
  @unsafe fileprivate func release(of image: VkImage) -> VkImageMemoryBarrier {
    unsafe VkImageMemoryBarrier(
      sType: VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER, pNext: nil,
      srcAccessMask: VK_ACCESS_SHADER_READ_BIT.rawValue, dstAccessMask: 0,
      oldLayout: PlacedImage.layout, newLayout: PlacedImage.layout,
      srcQueueFamilyIndex: connection.queueFamily, dstQueueFamilyIndex: owner, image: image,
      subresourceRange: .colour(levels: 0..<1))
  }
}

/// `VK_QUEUE_FAMILY_IGNORED` and its like.
enum QueueFamily {
  static let ignored = UInt32.max
  static let external = UInt32.max - 1
  static let foreign = UInt32.max - 2
}
