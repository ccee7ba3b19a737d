internal import CDRM
internal import SystemPackage
internal import Synchronization
internal import TexAlloc

/// A node of `/dev/dri` that has displays, open, and the calls to it. It rules them only while one of them
/// shows something, or is told to rule.
final class Card: Sendable {
  let path: FilePath
  /// As it calls itself: `virtio_gpu`.
  let driver: String
  /// Whether planes, their buffers and modes are set together, in one commit.
  let isAtomic: Bool
  private let file: OwnedDescriptor
  /// For how many displays it rules.
  private let rulers = Mutex(0)

  /// - Parameter wantsAtomic: False for the older calls, whatever the driver has.
  init(_ path: FilePath, wantsAtomic: Bool = true) throws(DisplayError) {
    let file: OwnedDescriptor
    do {
      file = OwnedDescriptor(
        owning: try FileDescriptor.open(path, .readWrite, options: [.closeOnExec, .nonBlocking]))
    } catch {
      throw .failed(SystemFailure("open", on: path.string, error as? Errno ?? .ioError))
    }
    let raw = file.descriptor.rawValue
    // Who opens a card first is its master, and a display server that comes later is to have it.
    _ = texalloc_drm_drop_master(raw)
    var name = [CChar](repeating: 0, count: 64)
    do {
      try systemCall("DRM_IOCTL_VERSION", on: path.string) {
        unsafe texalloc_drm_driver(raw, &name, name.count)
      }
    } catch {
      throw .failed(error)
    }
    func enable(_ capability: Int32) -> Bool {
      var request = drm_set_client_cap(capability: UInt64(capability), value: 1)
      return unsafe texalloc_drm_ioctl(raw, texalloc_drm_set_client_cap, &request) == 0
    }
    guard enable(DRM_CLIENT_CAP_UNIVERSAL_PLANES) else {
      throw .unsupported(device: path.string, feature: "displays")
    }
    driver = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    isAtomic = wantsAtomic && enable(DRM_CLIENT_CAP_ATOMIC)
    self.path = path
    self.file = file
  }

  /// Open for as long as this lives.
  var descriptor: FileDescriptor { file.descriptor }

  /// Makes a call with an argument that the kernel reads and fills.
  ///
  /// - Parameter name: As the kernel has it, without `DRM_IOCTL_`.
  func call<Argument>(
    _ name: String, _ request: UInt, _ argument: inout Argument
  ) throws(SystemFailure) {
    try systemCall("DRM_IOCTL_\(name)", on: path.string) {
      unsafe withUnsafeMutablePointer(to: &argument) {
        unsafe texalloc_drm_ioctl(file.descriptor.rawValue, request, $0)
      }
    }
  }

  /// Rules the card's displays from now on, for one more of them.
  func rule() throws(DisplayError) {
    do throws(SystemFailure) {
      try rulers.withLock { count throws(SystemFailure) in
        let raw = file.descriptor.rawValue
        try systemCall("DRM_IOCTL_SET_MASTER", on: path.string) {
          texalloc_drm_ioctl(raw, texalloc_drm_set_master, nil)
        }
        count += 1
      }
    } catch {
      throw error.errno == .resourceBusy || error.errno == .invalidArgument
        ? .notMaster(device: path.string) : DisplayError(error)
    }
  }

  /// Has others rule, once it rules for no display any more.
  func yield() {
    rulers.withLock { count in
      count -= 1
      if count == 0 { _ = texalloc_drm_drop_master(file.descriptor.rawValue) }
    }
  }
}

/// What the card says of itself.
extension Card {
  struct Resources {
    let crtcs, connectors: [UInt32]
    /// Of a framebuffer.
    let largest: ImageSize
  }

  func resources() throws(SystemFailure) -> Resources {
    var answer = drm_mode_card_res()
    try call("MODE_GETRESOURCES", texalloc_drm_resources, &answer)
    var crtcs = [UInt32](repeating: 0, count: Int(answer.count_crtcs))
    var connectors = [UInt32](repeating: 0, count: Int(answer.count_connectors))
    answer = drm_mode_card_res()
    answer.count_crtcs = UInt32(crtcs.count)
    answer.count_connectors = UInt32(connectors.count)
    try crtcs.asKernelList { address throws(SystemFailure) in
      answer.crtc_id_ptr = address
      try connectors.asKernelList { address throws(SystemFailure) in
        answer.connector_id_ptr = address
        try call("MODE_GETRESOURCES", texalloc_drm_resources, &answer)
      }
    }
    return Resources(
      crtcs: crtcs, connectors: connectors,
      largest: ImageSize(width: Int(answer.max_width), height: Int(answer.max_height)))
  }

  func planes() throws(SystemFailure) -> [UInt32] {
    var answer = drm_mode_get_plane_res()
    try call("MODE_GETPLANERESOURCES", texalloc_drm_plane_resources, &answer)
    var planes = [UInt32](repeating: 0, count: Int(answer.count_planes))
    try planes.asKernelList { address throws(SystemFailure) in
      answer.plane_id_ptr = address
      try call("MODE_GETPLANERESOURCES", texalloc_drm_plane_resources, &answer)
    }
    return planes
  }

  /// A plane, and the formats that the call of old names.
  func plane(_ id: UInt32) throws(SystemFailure) -> (drm_mode_get_plane, formats: [UInt32]) {
    var answer = drm_mode_get_plane()
    answer.plane_id = id
    try call("MODE_GETPLANE", texalloc_drm_plane, &answer)
    var formats = [UInt32](repeating: 0, count: Int(answer.count_format_types))
    try formats.asKernelList { address throws(SystemFailure) in
      answer.format_type_ptr = address
      try call("MODE_GETPLANE", texalloc_drm_plane, &answer)
    }
    return (answer, formats)
  }

  /// The properties of an object, by name.
  func properties(of object: UInt32) throws(SystemFailure) -> [String: (id: UInt32, value: UInt64)]
  {
    var answer = drm_mode_obj_get_properties()
    answer.obj_id = object
    answer.obj_type = 0  // whatever it is
    try call("MODE_OBJ_GETPROPERTIES", texalloc_drm_properties, &answer)
    var ids = [UInt32](repeating: 0, count: Int(answer.count_props))
    var values = [UInt64](repeating: 0, count: Int(answer.count_props))
    try ids.asKernelList { address throws(SystemFailure) in
      answer.props_ptr = address
      try values.asKernelList { address throws(SystemFailure) in
        answer.prop_values_ptr = address
        try call("MODE_OBJ_GETPROPERTIES", texalloc_drm_properties, &answer)
      }
    }
    var properties: [String: (id: UInt32, value: UInt64)] = [:]
    for (id, value) in zip(ids, values) {
      var property = drm_mode_get_property()
      property.prop_id = id
      try call("MODE_GETPROPERTY", texalloc_drm_property, &property)
      properties[unsafe withUnsafeBytes(of: property.name) { unsafe String(kernel: $0) }] = (
        id, value
      )
    }
    return properties
  }

  func blob(_ id: UInt32) throws(SystemFailure) -> [UInt8] {
    var answer = drm_mode_get_blob()
    answer.blob_id = id
    try call("MODE_GETPROPBLOB", texalloc_drm_blob, &answer)
    var bytes = [UInt8](repeating: 0, count: Int(answer.length))
    try bytes.asKernelList { address throws(SystemFailure) in
      answer.data = address
      try call("MODE_GETPROPBLOB", texalloc_drm_blob, &answer)
    }
    return bytes
  }
}

extension Array {
  /// Calls with the address of the elements, which the kernel reads or fills, as many as the call says.
  mutating func asKernelList<Outcome>(
    _ body: (UInt64) throws(SystemFailure) -> Outcome
  ) throws(SystemFailure) -> Outcome {
    unsafe try withUnsafeMutableBufferPointer { elements throws(SystemFailure) in
      try body(UInt64(UInt(bitPattern: elements.baseAddress)))
    }
  }
}

extension String {
  /// Up to the first zero.
  init(kernel bytes: UnsafeRawBufferPointer) {
    unsafe self.init(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
