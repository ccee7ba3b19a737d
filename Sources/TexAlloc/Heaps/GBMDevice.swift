internal import CGBM
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// A GBM device and the node that it uses; one thread at a time allocates from it.
@safe final class GBMDevice: @unchecked Sendable {  // the lock guards what the pointer leads to
  private let node: DRMNode
  private let device: OpaquePointer
  private let lock = Mutex(())

  init(opening path: String) throws(SystemFailure) {
    let node = try DRMNode(opening: path)
    let raw = node.rawValue
    unsafe device = try systemCall("gbm_create_device", on: path) {
      unsafe gbm_create_device(raw)
    }
    self.node = node
  }

  deinit { unsafe gbm_device_destroy(device) }

  var path: String { node.path }
  var driver: String { node.driver }

  /// The dma-buf of a new linear buffer. The buffer object goes, the memory stays.
  func allocate(_ size: Int) throws(SystemFailure) -> OwnedDescriptor {
    guard let image = RawImage(holding: size), image.height <= RawImage.maxHeight else {
      throw SystemFailure("gbm_bo_create", on: path, .invalidArgument)
    }
    return try lock.withLock { _ throws(SystemFailure) in
      let buffer = unsafe try systemCall("gbm_bo_create", on: path) {
        unsafe gbm_bo_create(
          device, RawImage.width, image.height, Fourcc.argb8888.rawValue,
          GBM_BO_USE_LINEAR.rawValue)
      }
      defer { unsafe gbm_bo_destroy(buffer) }
      guard unsafe gbm_bo_get_stride(buffer) == RawImage.pitch else {
        throw SystemFailure("gbm_bo_get_stride", on: path, .notSupported)
      }
      return try node.export(unsafe gbm_bo_get_handle(buffer).u32)
    }
  }
}
