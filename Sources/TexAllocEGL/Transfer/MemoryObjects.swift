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

  private let create: Create
  private let delete: Delete
  private let take: Import
  private let defineBuffer: DefineBuffer
  private let defineTexture: DefineTexture
  private let gpu: ContextGPU

  /// - Throws: The extension that the context that is current lacks.
  init() throws(EGLFailure) {
    try requireGLExtensions("GL_EXT_memory_object", "GL_EXT_memory_object_fd")
    unsafe create = try glFunction("glCreateMemoryObjectsEXT")
    unsafe delete = try glFunction("glDeleteMemoryObjectsEXT")
    take = try glFunction("glImportMemoryFdEXT")
    defineBuffer = try glFunction("glBufferStorageMemEXT")
    defineTexture = try glFunction("glTexStorageMem2DEXT")
    gpu = try ContextGPU()
  }

  /// The object of memory, which is to be deleted after what is made of it.
  ///
  /// - Parameter heap: That of the memory.
  /// - Throws: `EGLFailure`, unsupported for memory of another GPU or of another driver.
  func open(_ memory: ExportedMemory, of heap: String) throws(EGLFailure) -> GLuint {
    try gpu.require(memory.device, driver: memory.driver, of: heap)
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
