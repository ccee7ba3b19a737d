internal import CEGL

/// What a context draws with, as other APIs of the same GPU call it.
struct ContextGPU: Sendable {
  private typealias GetBytes = @convention(c) (GLenum, UnsafeMutablePointer<UInt8>?) -> Void
  private typealias GetIndexedBytes =
    @convention(c) (GLenum, GLuint, UnsafeMutablePointer<UInt8>?) -> Void

  /// The UUIDs of the GPUs, and of their driver, 32 digits each.
  let devices: [String]
  let driver: String

  /// Asks the context that is current, which has `GL_EXT_memory_object` or `GL_EXT_semaphore`.
  init() throws(EGLFailure) {
    let bytes: GetBytes = try unsafe glFunction("glGetUnsignedBytevEXT")
    let indexedBytes: GetIndexedBytes = try unsafe glFunction("glGetUnsignedBytei_vEXT")
    unsafe driver = Self.digits { unsafe bytes(GLenum(GL_DRIVER_UUID_EXT), $0) }
    devices = (0..<glInteger(GL_NUM_DEVICE_UUIDS_EXT)).map { index in
      unsafe Self.digits { unsafe indexedBytes(GLenum(GL_DEVICE_UUID_EXT), GLuint(index), $0) }
    }
  }

  private static func digits(_ get: (UnsafeMutablePointer<UInt8>?) -> Void) -> String {
    var bytes = [UInt8](repeating: 0, count: Int(GL_UUID_SIZE_EXT))
    unsafe bytes.withUnsafeMutableBufferPointer { unsafe get($0.baseAddress) }
    return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// - Throws: `EGLFailure`, unsupported for an object of another GPU or of another driver.
  func require(_ device: String, driver: String, of object: String) throws(EGLFailure) {
    guard driver == self.driver, devices.contains(device) else {
      throw .unsupported(
        object,
        "it is of GPU \(device) and driver \(driver), the context of"
          + " \(devices.joined(separator: ", ")) and \(self.driver)")
    }
  }
}

/// - Throws: The first of them that the context that is current lacks.
func requireGLExtensions(_ names: String...) throws(EGLFailure) {
  let present = glExtensions()
  for name in names where !present.contains(name) {
    throw .unsupported(name, "the context lacks it")
  }
}

/// A function of an extension that the context has.
func glFunction<Function>(_ name: String) throws(EGLFailure) -> Function {
  guard let function = unsafe eglFunction(name, as: Function.self) else {
    throw .failed("eglGetProcAddress", "no \(name)")
  }
  return function
}
