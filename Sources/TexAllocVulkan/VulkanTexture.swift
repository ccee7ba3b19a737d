public import CVulkan
internal import Synchronization
public import TexAlloc

/// A buffer as a GPU of Vulkan sees it: an image, mostly one, and a view of it. It keeps its buffer alive.
///
/// Whoever draws it records its ``takeBarriers()`` before, or calls ``VulkanDevice/collect()``. Letting go of
/// it is allowed on any thread, also while the queue still has commands that draw it: its images go when
/// the queue has done what it was given until the next ``VulkanDevice/collect()``, and so does the slot.
public final class VulkanTexture: Registration {
  /// One image of the texture.
  @safe public struct Plane: @unchecked Sendable {  // handles, which never change
    public let image: VkImage
    /// Of the whole image, with alpha of one where the format has none.
    public let view: VkImageView
    public let format: VkFormat
    /// Texels.
    public let size: ImageSize
  }

  /// How it is known that the GPU shows what is in the buffer.
  public enum PixelCheck: Hashable, Sendable {
    /// A trial image of the same kind showed what had been written into it.
    case trial
    /// It is not known, for this reason.
    case none(because: String)
  }

  public var component: String { device.name }
  public let buffer: TextureBuffer
  /// How the pixels got to the GPU.
  public let route: Route
  /// Why no better route was taken; nil where there is none.
  public let reason: String?
  public let check: PixelCheck
  /// One of each plane of the buffer: for `R8`, `GR88` and the like of luma and chroma, too.
  public var planes: [Plane] { content.planes }
  /// The layout of the images for those that draw them, behind the barriers.
  public var layout: VkImageLayout { content.layout }
  let device: VulkanDevice
  let content: TextureContent
  /// All planes as one, made when first asked for.
  let whole = Mutex<ConvertedImage?>(nil)

  init(
    _ content: TextureContent, of buffer: TextureBuffer, on device: VulkanDevice, _ route: Route,
    because reason: String?, check: PixelCheck
  ) {
    self.content = content
    self.buffer = buffer
    self.device = device
    self.route = route
    self.reason = reason
    self.check = check
  }

  deinit {
    device.retire(
      RetiredTexture(
        identity: ObjectIdentifier(self), content: content, whole: whole.withLock { $0 },
        buffer: buffer, isKept: check == .trial))
  }

  /// What brings the images into their ``layout``, for the list of commands that first draws them: from
  /// the stage `VK_PIPELINE_STAGE_HOST_BIT` to those that sample. Whoever takes them records them; the
  /// next one gets none, and needs none.
  ///
  /// What the CPU writes later on is seen by every list that is submitted after it.
  public func takeBarriers() -> [VkImageMemoryBarrier] {
    unsafe preparable.flatMap { unsafe $0.takeBarriers() }
  }

  /// What gives the images back to those whose memory they lie in, for the list of commands after which another
  /// device, or another API of the same GPU, is to write the buffer while the texture lives: queue family
  /// ownership, to `VK_QUEUE_FAMILY_FOREIGN_EXT` for dma-bufs, to `VK_QUEUE_FAMILY_EXTERNAL` for memory that
  /// the device shares; none for other memory, nor for images that nobody has taken. Whoever takes them records them,
  /// from the stages that sampled, or `VK_PIPELINE_STAGE_ALL_COMMANDS_BIT`, to
  /// `VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT`. From then on the texture wants ``takeBarriers()`` again.
  ///
  /// Of textures that nobody holds any more, ``VulkanDevice/collect()`` gives them back.
  public func takeReleaseBarriers() -> [VkImageMemoryBarrier] {
    unsafe preparable.flatMap { unsafe $0.takeReleases() }
  }

  /// What consists of images.
  var preparable: [any Preparable] {
    let whole = whole.withLock { $0 }
    return [content] + (whole.map { [$0] } ?? [])
  }
}

extension VulkanTexture {
  /// What a shader sees of one of the images: `R`, `G`, `B`, `A` bytes, rows from the top. The CPU waits for
  /// the GPU.
  ///
  /// - Throws: `VulkanFailure`.
  package func texels(ofPlane index: Int = 0) throws(VulkanFailure) -> [UInt8] {
    let plane = planes[index]
    return try unsafe device.texelFetch().texels(
      ofRows: stride(from: 0, to: plane.size.height, by: 1), of: plane.size, in: plane.view,
      of: content)
  }
}

/// What a texture consists of.
enum TextureContent: Preparable, Sendable {
  case imported([LinearImage])
  /// What the GPU has copied; a copy leaves it as it is to be sampled.
  case transferred([OwnImage])

  var planes: [VulkanTexture.Plane] {
    switch self {
    case .imported(let images):
      images.map {
        unsafe VulkanTexture.Plane(
          image: $0.image, view: $0.view, format: $0.format.vulkan, size: $0.size)
      }
    case .transferred(let images):
      images.map {
        unsafe VulkanTexture.Plane(
          image: $0.image, view: $0.view, format: $0.shape.format.vulkan, size: $0.shape.size)
      }
    }
  }

  var isMipmapped: Bool {
    guard case .transferred(let images) = self else { return false }
    return images.contains(where: \.shape.isMipmapped)
  }

  var layout: VkImageLayout {
    switch self {
    case .imported: PlacedImage.layout
    case .transferred: OwnImage.layout
    }
  }

  var placed: [PlacedImage] {
    guard case .imported(let images) = self else { return [] }
    return images
  }
}

/// What is left of a texture that nobody holds any more.
struct RetiredTexture: Sendable {
  let identity: ObjectIdentifier
  let content: TextureContent
  /// All planes as one.
  let whole: ConvertedImage?
  let buffer: TextureBuffer
  /// Whether the next image at its place may have what it consisted of.
  let isKept: Bool

  /// What consists of images.
  var preparable: [any Preparable] { [content] + (whole.map { [$0] } ?? []) }

  var key: VulkanTextureKey { vulkanTextureKey(buffer, mipmapped: content.isMipmapped) }
}

/// What a buffer has one texture of at a time: a number, which is hashed in no time.
typealias VulkanTextureKey = UInt64

func vulkanTextureKey(_ buffer: TextureBuffer, mipmapped: Bool) -> VulkanTextureKey {
  buffer.id.number << 1 | (mipmapped ? 1 : 0)
}

/// A texture in the device's table, which does not keep it alive.
final class WeakVulkanTexture: Sendable {
  weak let texture: VulkanTexture?
  let identity: ObjectIdentifier

  init(_ texture: VulkanTexture) {
    self.texture = texture
    identity = ObjectIdentifier(texture)
  }
}
