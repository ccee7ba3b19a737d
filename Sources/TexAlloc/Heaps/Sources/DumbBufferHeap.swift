internal import CDRM
internal import SystemPackage

/// Dumb buffers of a display driver ([drm-kms]): memory that its screen can show. Its name in
/// attributes is `drm-dumb:DRIVER`.
///
/// [drm-kms]: https://docs.kernel.org/gpu/drm-kms.html#dumb-buffer-objects
public struct DumbBufferHeap: DMABufHeap {
  static let kind = "drm-dumb"

  /// The card that it allocates from.
  public let node: String
  let caching: CachingVerdict
  private let driver: String

  /// - Parameter node: `/dev/dri/cardN`; a render node refuses with EACCES.
  /// - Throws: `SystemFailure` where it has no dumb buffers, or none that can be mapped.
  public init(node path: String) throws(SystemFailure) {
    let card = try DRMNode(opening: path)
    let memory = try Self.allocate(MemoryTiming.size, from: card)
    caching = try .known(.known(ofDriver: card.driver), orTiming: memory, named: path)
    driver = card.driver
    node = path
  }

  /// `drm-dumb:DRIVER`.
  public static func name(_ driver: String) -> String { "\(kind):\(driver)" }

  public var attributes: BufferAttributes {
    attributes(named: Self.name(driver)) { $0.maxSize = Self.maxSize }
  }

  /// The kernel wants less than 4 GiB.
  private static let maxSize = (1 << 32) - RawImage.pitch

  func allocate(_ size: Int) throws(SystemFailure) -> OwnedDescriptor {
    let card = try DRMNode(opening: node)
    guard card.driver == driver else {  // the cards were numbered anew
      throw SystemFailure("DRM_IOCTL_VERSION", on: node, .operationNotSupportedByDevice)
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
    var (handle, pitch, allocated) = (UInt32(0), UInt32(0), UInt64(0))
    try systemCall("DRM_IOCTL_MODE_CREATE_DUMB", on: path) {
      unsafe drmModeCreateDumbBuffer(
        raw, RawImage.width, image.height, 32, 0, &handle, &pitch, &allocated)
    }
    defer { drmModeDestroyDumbBuffer(raw, handle) }  // the dma-buf keeps the memory
    return try card.export(handle)
  }
}
