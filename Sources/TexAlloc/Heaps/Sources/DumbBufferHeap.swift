internal import CDRM
public import SystemPackage

/// Dumb buffers of a display driver ([drm-kms]): memory that its screen can show.
///
/// Its name in attributes is `drm-dumb:DRIVER@ADDRESS`, where the address is that of the card on its
/// bus: `drm-dumb:amdgpu@0000:03:00.0`. It is the same in every run, whatever number the card has. Where
/// the driver makes its one card itself there is no address: `drm-dumb:vgem`.
///
/// [drm-kms]: https://docs.kernel.org/gpu/drm-kms.html#dumb-buffer-objects
public struct DumbBufferHeap: DMABufHeap {
  static let kind = "drm-dumb"

  /// The card that it allocates from.
  public let node: FilePath
  /// As the card's driver calls itself: `vgem`, `virtio_gpu`.
  public let driver: String
  public let attributes: BufferAttributes
  let caching: CachingVerdict
  /// What the card is called whatever number it has.
  private let device: String

  /// - Parameter node: `/dev/dri/cardN`; a render node refuses with EACCES.
  /// - Throws: `SystemFailure` where it has no dumb buffers, or none that can be mapped.
  public init(node: FilePath) throws(SystemFailure) {
    let path = node.string
    let card = try DRMNode(opening: path)
    let memory = try Self.allocate(MemoryTiming.size, from: card)
    caching = try .known(.known(ofDriver: card.driver), orTiming: memory, named: path)
    attributes = .heap("\(Self.kind):\(card.device)", caching, provides: nil) {
      $0.maxSize = Self.maxSize
    }
    driver = card.driver
    device = card.device
    self.node = node
  }

  /// The kernel wants less than 4 GiB.
  private static let maxSize = (1 << 32) - RawImage.pitch

  func allocate(_ size: Int) throws(SystemFailure) -> OwnedDescriptor {
    let card = try DRMNode(opening: node.string)
    guard card.device == device else {  // the cards were numbered anew
      throw SystemFailure("DRM_IOCTL_VERSION", on: node.string, .operationNotSupportedByDevice)
    }
    return try Self.allocate(size, from: card)
  }

  private static func allocate(
    _ size: Int, from card: borrowing DRMNode
  ) throws(SystemFailure) -> OwnedDescriptor {
    let (raw, path) = (card.rawValue, card.path)
    guard let image = RawImage(holding: size) else {
      throw SystemFailure("DRM_IOCTL_MODE_CREATE_DUMB", on: path, .invalidArgument)
    }
    var handle: UInt32 = 0
    try systemCall("DRM_IOCTL_MODE_CREATE_DUMB", on: path) {
      unsafe texalloc_drm_create_dumb(raw, RawImage.width, image.height, &handle)
    }
    defer { _ = texalloc_drm_destroy_dumb(raw, handle) }  // the dma-buf keeps the memory
    return try card.export(handle)
  }
}
