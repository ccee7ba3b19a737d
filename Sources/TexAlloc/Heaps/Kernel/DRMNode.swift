internal import CDRM
internal import CLinux
internal import Glibc
internal import SystemPackage

/// An open node of `/dev/dri`. Whoever opens a card that nobody rules becomes its master; this gives
/// that up at once, so that a display server finds the card free.
@safe struct DRMNode: ~Copyable, Sendable {
  static let folder = "/dev/dri"

  let path: String
  /// As the driver calls itself: `vgem`, `virtio_gpu`.
  let driver: String
  /// What the device is called whatever number its nodes have: `amdgpu@0000:03:00.0`, `vgem`.
  let device: String
  private let node: OwnedDescriptor

  init(opening path: String) throws(SystemFailure) {
    let node = try OwnedDescriptor.opening(path)
    let raw = node.descriptor.rawValue
    _ = texalloc_drm_drop_master(raw)
    var name = [CChar](repeating: 0, count: 64)
    try systemCall("DRM_IOCTL_VERSION", on: path) {
      unsafe texalloc_drm_driver(raw, &name, name.count)
    }
    driver = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    device = Self.deviceName(driver, in: Self.deviceFolder(of: node), node: path)
    self.path = path
    self.node = node
  }

  var rawValue: CInt { node.descriptor.rawValue }

  /// The dma-buf of a buffer that this node knows by its handle; open for writing, which it is only
  /// if the first export of the buffer asked for it.
  func export(_ handle: UInt32) throws(SystemFailure) -> OwnedDescriptor {
    OwnedDescriptor(
      owning: try systemCall("DRM_IOCTL_PRIME_HANDLE_TO_FD", on: path) {
        texalloc_drm_export(rawValue, handle)
      })
  }
}

extension DRMNode {
  /// The driver, and where its device sits: the address on its bus, which is the same in every run, and
  /// which no other device has. A device that is the driver's own invention is called as the driver is;
  /// there is one. Where there is no sysfs to tell, the node stands for the device.
  ///
  /// - Parameter folder: The device's in sysfs. virtio numbers its devices as they come, so the one below
  ///   them is taken.
  static func deviceName(_ driver: String, in folder: FilePath?, node: String) -> String {
    var place = folder ?? FilePath(node)
    while let name = place.lastComponent?.string, name.hasPrefix("virtio"),
      name.dropFirst(6).allSatisfy(\.isNumber)
    {
      place.removeLastComponent()
    }
    guard let name = place.lastComponent?.string, name != driver else { return driver }
    return "\(driver)@\(name)"
  }

  private static func deviceFolder(of node: borrowing OwnedDescriptor) -> FilePath? {
    var status = stat()
    guard unsafe fstat(node.descriptor.rawValue, &status) == 0 else { return nil }
    let number = "\(gnu_dev_major(status.st_rdev)):\(gnu_dev_minor(status.st_rdev))"
    return SystemFile.resolved("/sys/dev/char/\(number)/device")
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

/// The image that stands for raw memory with allocators that know nothing but images: rows of
/// 16 KiB, four bytes a pixel. No driver that takes such images pads them.
struct RawImage {
  static let width: UInt32 = 4096
  static let pitch = 16384
  /// Above this, drivers accept what the hardware does not.
  static let maxHeight = 16384

  let height: UInt32

  /// - Parameter size: Bytes; at most 64 TiB, which no driver has.
  init?(holding size: Int) {
    guard let height = UInt32(exactly: size.dividedRoundingUp(by: Self.pitch)) else { return nil }
    self.height = height
  }
}
