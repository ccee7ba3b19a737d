internal import CEGL
internal import SystemPackage
internal import TexAlloc

/// Memory of the GPU's driver, mapped once and for good, which the GPU copies into textures of its own:
/// persistent and coherent buffers of [GL_EXT_buffer_storage], or of OpenGL 4.4.
///
/// Its name in attributes is `gl-buffers:DRIVER`, and `gl-buffers:DRIVER:read` of buffers that the CPU
/// may read, too. The memory belongs to one device: where a second one of the driver is opened, its own
/// is called `gl-buffers:DRIVER#2`. Slabs are made on the device's own thread.
///
/// [GL_EXT_buffer_storage]: https://registry.khronos.org/OpenGL/extensions/EXT/EXT_buffer_storage.txt
struct MappedBufferHeap: Heap {
  let attributes: BufferAttributes
  private let storage: BufferStorage
  private let context: OwnContext
  private let loss: ContextLoss
  private let isReadable: Bool
  private let caching: Caching

  /// Measures how the mapping is cached. On the context's thread.
  init(
    _ name: String, _ storage: BufferStorage, on context: OwnContext, until loss: ContextLoss,
    isReadable: Bool
  ) throws(EGLFailure) {
    let sample = try MappedBuffer(
      storage, size: MemoryTiming.size, isReadable: isReadable, on: context)
    let caching = unsafe CachingVerdict(measuring: sample.bytes).stated
    attributes = BufferAttributes(name: name, provides: ProvidedMemory()) {
      $0.heaps = [name]
      $0.caching = [caching]
      $0.offsetAlignment = pageSize
      $0.sizeAlignment = pageSize
    }
    self.storage = storage
    self.context = context
    self.loss = loss
    self.isReadable = isReadable
    self.caching = caching
  }

  /// Mapping it takes a real driver a third of a millisecond for each MiB, which the toolkit's own calls
  /// may have to wait for: so that a frame is late by less than one. `texbench textures` measures it.
  var largestSharedSlab: Int? { 2 << 20 }

  var cpuUsage: Set<CPUUsage> { isReadable ? Set(CPUUsage.allCases) : [.sequentialWrite] }

  var isLost: Bool { loss.hasHappened }

  func makeSlab(of size: Int) throws(SystemFailure) -> Slab {
    if isLost { throw SystemFailure("makeSlab", on: name, .operationNotSupportedByDevice) }
    let size = try wholePages(size)
    let buffer: MappedBuffer
    do {
      buffer = try context.run { () throws(EGLFailure) in
        let buffer = try MappedBuffer(storage, size: size, isReadable: isReadable, on: context)
        // What lies in a new buffer is not defined.
        unsafe buffer.bytes.initializeMemory(as: UInt8.self, repeating: 0)
        return buffer
      }
    } catch {
      throw SystemFailure(error.operation, on: name, .noMemory)
    }
    // The owner keeps the mapping.
    let slab = try unsafe Slab(
      mapped: buffer.bytes, ownedBy: buffer, of: name, caching: caching)
    _ = slab.companion(MappedBuffer.ofSlab) { buffer }
    return slab
  }
}

/// One such buffer. The device's own thread deletes it; the GPU may still copy from it then.
@safe final class MappedBuffer: @unchecked Sendable {  // name and address never change
  /// How a slab of such memory tells its buffer.
  static let ofSlab = SlabCompanion<MappedBuffer>()

  let name: GLuint
  let bytes: UnsafeMutableRawBufferPointer
  /// The context that made it, and shares it.
  let context: OwnContext

  /// In the context, current and with no buffer bound for the pixels of textures.
  init(
    _ storage: BufferStorage, size: Int, isReadable: Bool, on context: OwnContext
  ) throws(EGLFailure) {
    var name: GLuint = 0
    unsafe glGenBuffers(1, &name)
    do {
      unsafe bytes = try storage.map(name, size: size, isReadable: isReadable)
    } catch {
      unsafe glDeleteBuffers(1, &name)
      throw error
    }
    self.name = name
    self.context = context
  }

  /// One over memory that is mapped already. In the context, as above.
  ///
  /// - Parameter define: Gives the buffer of a name that memory.
  @unsafe init(
    over bytes: UnsafeMutableRawBufferPointer, on context: OwnContext,
    define: (GLuint) throws(EGLFailure) -> Void
  ) throws(EGLFailure) {
    var name: GLuint = 0
    unsafe glGenBuffers(1, &name)
    do { try define(name) } catch {
      unsafe glDeleteBuffers(1, &name)
      throw error
    }
    unsafe self.bytes = bytes
    self.name = name
    self.context = context
  }

  deinit {
    let name = name
    context.begin { unsafe glDeleteBuffers(1, [name]) }
  }
}

/// The function that defines the storage of buffers once and for all; having it is the proof that the
/// context has it.
@safe struct BufferStorage: Sendable {
  private typealias Define =
    @convention(c) (GLenum, GLsizeiptr, UnsafeRawPointer?, GLbitfield) -> Void

  private let define: Define

  /// - Throws: The extension that the context that is current lacks.
  init() throws(EGLFailure) {
    let extensions = glExtensions()
    let names = [
      "GL_EXT_buffer_storage": "glBufferStorageEXT", "GL_ARB_buffer_storage": "glBufferStorage",
    ]
    guard let (_, name) = names.first(where: { extensions.contains($0.key) }) else {
      throw .unsupported("GL_EXT_buffer_storage", "the context lacks it")
    }
    guard let define = unsafe eglFunction(name, as: Define.self) else {
      throw .failed("eglGetProcAddress", "no \(name)")
    }
    unsafe self.define = define
  }

  /// Gives a buffer memory and maps it; it stays mapped while the GPU uses it.
  @unsafe fileprivate func map(
    _ name: GLuint, size: Int, isReadable: Bool
  ) throws(EGLFailure) -> UnsafeMutableRawBufferPointer {
    let access = GLbitfield(
      GL_MAP_WRITE_BIT | GL_MAP_PERSISTENT_BIT_EXT | GL_MAP_COHERENT_BIT_EXT
        | (isReadable ? GL_MAP_READ_BIT : 0))
    let target = GLenum(GL_PIXEL_UNPACK_BUFFER)
    drainGLErrors()
    glBindBuffer(target, name)
    defer { glBindBuffer(target, 0) }
    define(target, size, nil, access)
    try checkGL("glBufferStorage")
    guard let start = unsafe glMapBufferRange(target, 0, size, access) else {
      try checkGL("glMapBufferRange")
      throw .failed("glMapBufferRange", "no address")
    }
    return unsafe UnsafeMutableRawBufferPointer(start: start, count: size)
  }
}
