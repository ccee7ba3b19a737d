internal import CDRM
internal import Glibc
internal import SystemPackage

/// An open node of `/dev/dri`. Whoever opens a card that nobody rules becomes its master; this gives
/// that up at once, so that a display server finds the card free.
@safe struct DRMNode: ~Copyable, Sendable {
  static let folder = "/dev/dri"

  let path: String
  /// As the driver calls itself: `vgem`, `virtio_gpu`.
  let driver: String
  private let node: OwnedDescriptor

  init(opening path: String) throws(SystemFailure) {
    let node = try OwnedDescriptor.opening(path)
    let raw = node.descriptor.rawValue
    drmDropMaster(raw)
    let version = unsafe try systemCall("DRM_IOCTL_VERSION", on: path) {
      unsafe drmGetVersion(raw)
    }
    defer { unsafe drmFreeVersion(version) }
    driver = unsafe String(cString: version.pointee.name)
    self.path = path
    self.node = node
  }

  var rawValue: CInt { node.descriptor.rawValue }

  /// The dma-buf of a buffer that this node knows by its handle; open for writing, which it is only
  /// if the first export of the buffer asked for it.
  func export(_ handle: UInt32) throws(SystemFailure) -> OwnedDescriptor {
    var descriptor: CInt = -1
    try systemCall("DRM_IOCTL_PRIME_HANDLE_TO_FD", on: path) {
      unsafe drmPrimeHandleToFD(rawValue, handle, UInt32(O_CLOEXEC | O_RDWR), &descriptor)
    }
    return OwnedDescriptor(owning: descriptor)
  }
}

extension CachingVerdict {
  /// The drivers whose memory needs no timing; all of them give zeroed pages of the kernel.
  static func known(ofDriver driver: String) -> CachingVerdict? {
    switch driver {
    case "vgem": CachingVerdict(.writeCombining, because: "vgem maps its pages write-combining")
    case "virtio_gpu":
      CachingVerdict(.cached, because: "virtio_gpu maps pages of the guest as they are")
    default: nil
    }
  }
}
