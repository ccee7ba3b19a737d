internal import CGBM
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// A GBM device and the node that it uses; one thread at a time allocates from it.
@safe final class GBMDevice: @unchecked Sendable {  // the lock guards what the pointer leads to
  private let library: GBMLibrary
  private let node: DRMNode
  private let device: OpaquePointer
  private let lock = Mutex(())

  init(opening path: String) throws(SystemFailure) {
    let library = try GBMLibrary.opened.get()
    let node = try DRMNode(opening: path)
    let raw = node.rawValue
    unsafe device = try systemCall("gbm_create_device", on: path) {
      unsafe library.createDevice(raw)
    }
    self.library = library
    self.node = node
  }

  deinit { unsafe library.destroyDevice(device) }

  var path: String { node.path }
  var driver: String { node.driver }
  var name: String { node.device }

  /// The dma-buf of a new linear buffer. The buffer object goes, the memory stays.
  func allocate(_ size: Int) throws(SystemFailure) -> OwnedDescriptor {
    guard let image = RawImage(holding: size), image.height <= RawImage.maxHeight else {
      throw SystemFailure("gbm_bo_create", on: path, .invalidArgument)
    }
    return try lock.withLock { _ throws(SystemFailure) in
      let buffer = unsafe try systemCall("gbm_bo_create", on: path) {
        unsafe library.createBuffer(
          device, RawImage.width, image.height, Fourcc.argb8888.rawValue,
          GBM_BO_USE_LINEAR.rawValue)
      }
      defer { unsafe library.destroyBuffer(buffer) }
      guard unsafe library.stride(buffer) == RawImage.pitch else {
        throw SystemFailure("gbm_bo_get_stride", on: path, .notSupported)
      }
      return try node.export(unsafe library.handle(buffer).u32)
    }
  }
}

/// What is needed of libgbm, which is the machine's: it belongs to the driver, and there may be none.
/// Opened once, and never closed.
@safe private struct GBMLibrary: Sendable {
  static let opened = Result { () throws(SystemFailure) in try GBMLibrary("libgbm.so.1") }

  let createDevice: @convention(c) (CInt) -> OpaquePointer?
  let destroyDevice: @convention(c) (OpaquePointer) -> Void
  let createBuffer: @convention(c) (OpaquePointer, UInt32, UInt32, UInt32, UInt32) -> OpaquePointer?
  let destroyBuffer: @convention(c) (OpaquePointer) -> Void
  let stride: @convention(c) (OpaquePointer) -> UInt32
  let handle: @convention(c) (OpaquePointer) -> gbm_bo_handle

  private init(_ name: String) throws(SystemFailure) {
    guard let library = unsafe dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
      throw SystemFailure("dlopen", on: name, .noSuchFileOrDirectory)
    }
    func function<Function>(_ symbol: String) throws(SystemFailure) -> Function {
      guard let address = unsafe dlsym(library, symbol) else {
        throw SystemFailure("dlsym of \(symbol)", on: name, .noFunction)
      }
      // The types are those of gbm.h.
      return unsafe unsafeBitCast(address, to: Function.self)
    }
    unsafe createDevice = try function("gbm_create_device")
    unsafe destroyDevice = try function("gbm_device_destroy")
    unsafe createBuffer = try function("gbm_bo_create")
    unsafe destroyBuffer = try function("gbm_bo_destroy")
    unsafe stride = try function("gbm_bo_get_stride")
    unsafe handle = try function("gbm_bo_get_handle")
  }
}
