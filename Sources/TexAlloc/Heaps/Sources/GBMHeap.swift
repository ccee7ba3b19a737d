public import SystemPackage

/// Linear buffers of the [generic buffer manager], used as raw memory: what the GPU's own driver
/// allocates.
///
/// Its name in attributes is `gbm:DRIVER@ADDRESS`, as of ``DumbBufferHeap``: `gbm:i915@0000:00:02.0`.
///
/// [generic buffer manager]: https://gitlab.freedesktop.org/mesa/mesa/-/blob/main/src/gbm/main/gbm.h
public struct GBMHeap: DMABufHeap {
  static let kind = "gbm"

  public let attributes: BufferAttributes
  let caching: CachingVerdict
  private let device: GBMDevice

  /// Loads the driver's part of Mesa, and keeps the node open.
  ///
  /// - Parameter node: `/dev/dri/renderDN`, or `/dev/dri/cardN` of a driver that has no more than
  ///   dumb buffers: its render node refuses with EACCES.
  /// - Throws: `SystemFailure` where it gives no linear buffers, or none that can be mapped.
  public init(node: FilePath) throws(SystemFailure) {
    let path = node.string
    device = try GBMDevice(opening: path)
    let memory = try device.allocate(MemoryTiming.size)
    caching = try .known(.known(ofDriver: device.driver), orTiming: memory, named: path)
    attributes = .heap("\(Self.kind):\(device.name)", caching, provides: nil) {
      $0.maxSize = RawImage.pitch * RawImage.maxHeight
    }
  }

  /// The node that it allocates from.
  public var node: FilePath { FilePath(device.path) }
  /// As the node's driver calls itself.
  public var driver: String { device.driver }

  func allocate(_ size: Int) throws(SystemFailure) -> OwnedDescriptor {
    try device.allocate(size)
  }
}
