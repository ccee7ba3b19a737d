internal import CEGL
internal import SystemPackage
internal import TexAlloc

/// The functions by which a context opens memory of another API of the same GPU:
/// [GL_EXT_memory_object_fd].
///
/// [GL_EXT_memory_object_fd]: https://registry.khronos.org/OpenGL/extensions/EXT/EXT_external_objects_fd.txt
@safe struct MemoryObjects: Sendable {
  private typealias Create = @convention(c) (GLsizei, UnsafeMutablePointer<GLuint>?) -> Void
  private typealias Delete = @convention(c) (GLsizei, UnsafePointer<GLuint>?) -> Void
  private typealias Import = @convention(c) (GLuint, UInt64, GLenum, GLint) -> Void
  private typealias DefineBuffer = @convention(c) (GLenum, GLsizeiptr, GLuint, UInt64) -> Void
  private typealias DefineTexture =
    @convention(c) (GLenum, GLsizei, GLenum, GLsizei, GLsizei, GLuint, UInt64) -> Void
  private typealias GetBytes = @convention(c) (GLenum, UnsafeMutablePointer<UInt8>?) -> Void
  private typealias GetIndexedBytes =
    @convention(c) (GLenum, GLuint, UnsafeMutablePointer<UInt8>?) -> Void

  private let create: Create
  private let delete: Delete
  private let take: Import
  private let defineBuffer: DefineBuffer
  private let defineTexture: DefineTexture
  /// The UUIDs of the GPUs that the context draws with, and of their driver, 32 digits each.
  private let devices: [String]
  private let driver: String

  /// - Throws: The extension that the context that is current lacks.
  init() throws(EGLFailure) {
    for needed in ["GL_EXT_memory_object", "GL_EXT_memory_object_fd"]
    where !glExtensions().contains(needed) {
      throw .unsupported(needed, "the context lacks it")
    }
    func find<Function>(_ name: String) throws(EGLFailure) -> Function {
      guard let function = unsafe eglFunction(name, as: Function.self) else {
        throw .failed("eglGetProcAddress", "no \(name)")
      }
      return function
    }
    unsafe create = try find("glCreateMemoryObjectsEXT")
    unsafe delete = try find("glDeleteMemoryObjectsEXT")
    take = try find("glImportMemoryFdEXT")
    defineBuffer = try find("glBufferStorageMemEXT")
    defineTexture = try find("glTexStorageMem2DEXT")
    let bytes: GetBytes = try unsafe find("glGetUnsignedBytevEXT")
    let indexedBytes: GetIndexedBytes = try unsafe find("glGetUnsignedBytei_vEXT")
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

  /// The object of memory, which is to be deleted after what is made of it.
  ///
  /// - Parameter heap: That of the memory.
  /// - Throws: `EGLFailure`, unsupported for memory of another GPU or of another driver.
  func open(_ memory: ExportedMemory, of heap: String) throws(EGLFailure) -> GLuint {
    guard driver == memory.driver, devices.contains(memory.device) else {
      throw .unsupported(
        heap,
        "it is of GPU \(memory.device) and driver \(memory.driver), the context of"
          + " \(devices.joined(separator: ", ")) and \(driver)")
    }
    let descriptor: OwnedDescriptor
    do { descriptor = try memory.descriptor() } catch {
      throw .failed(error.operation, "\(error)")
    }
    var object: GLuint = 0
    unsafe create(1, &object)
    drainGLErrors()
    take(
      object, UInt64(memory.size), GLenum(GL_HANDLE_TYPE_OPAQUE_FD_EXT),
      descriptor.descriptor.rawValue)
    do { try checkGL("glImportMemoryFdEXT") } catch {
      delete(object)
      throw error
    }
    _ = descriptor.release()  // it is the driver's now
    return object
  }

  func delete(_ object: GLuint) { unsafe delete(1, [object]) }

  /// Makes all of the memory of an object the storage of a buffer.
  func define(_ buffer: GLuint, of size: Int, as object: GLuint) throws(EGLFailure) {
    let target = GLenum(GL_PIXEL_UNPACK_BUFFER)
    drainGLErrors()
    glBindBuffer(target, buffer)
    defer { glBindBuffer(target, 0) }
    defineBuffer(target, size, object, 0)
    try checkGL("glBufferStorageMemEXT")
  }

  /// A texture whose rows lie in the memory of an object one behind the other, as far apart as the driver
  /// has them: see ``LinearTextures``.
  func makeTexture(
    _ format: UploadFormat, _ size: ImageSize, at offset: Int, of object: GLuint
  ) throws(EGLFailure) -> GLuint {
    try makeSampledTexture { () throws(EGLFailure) in
      drainGLErrors()
      let target = GLenum(GL_TEXTURE_2D)
      glTexParameteri(target, GLenum(GL_TEXTURE_TILING_EXT), GL_LINEAR_TILING_EXT)
      try checkGL("GL_LINEAR_TILING_EXT")
      defineTexture(
        target, 1, format.storage, GLsizei(size.width), GLsizei(size.height), object,
        UInt64(offset))
      format.setSwizzle()
      try checkGL("glTexStorageMem2DEXT")
    }
  }
}
