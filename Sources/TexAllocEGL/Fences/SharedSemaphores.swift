internal import CEGL
internal import SystemPackage
internal import TexAlloc

/// The functions by which a context waits for semaphores of another API of the same GPU.
@safe struct SharedSemaphores: Sendable {
  private let make: PFNGLGENSEMAPHORESEXTPROC
  private let delete: PFNGLDELETESEMAPHORESEXTPROC
  private let take: PFNGLIMPORTSEMAPHOREFDEXTPROC
  private let wait: PFNGLWAITSEMAPHOREEXTPROC
  private let gpu: ContextGPU

  /// - Throws: The extension that the context that is current lacks.
  init() throws(EGLFailure) {
    try requireGLExtensions("GL_EXT_semaphore", "GL_EXT_semaphore_fd")
    unsafe make = try glFunction("glGenSemaphoresEXT")
    unsafe delete = try glFunction("glDeleteSemaphoresEXT")
    take = try glFunction("glImportSemaphoreFdEXT")
    unsafe wait = try glFunction("glWaitSemaphoreEXT")
    gpu = try ContextGPU()
  }

  /// Has every command that the context is given from now on wait.
  func wait(
    for fence: SharedFence, before written: (buffers: [GLuint], textures: [GLuint])
  ) throws(EGLFailure) {
    try gpu.require(fence.device, driver: fence.driver, of: "the semaphore")
    guard let descriptor = fence.takeSemaphore() else {
      throw .unsupported("waitOnGPU", "there is no semaphore, or somebody else has it")
    }
    drainGLErrors()
    var semaphore: GLuint = 0
    unsafe make(1, &semaphore)
    // What was told to wait goes on waiting.
    defer { unsafe delete(1, &semaphore) }
    take(
      semaphore, GLenum(GL_HANDLE_TYPE_OPAQUE_FD_EXT), descriptor.descriptor.rawValue)
    try checkGL("glImportSemaphoreFdEXT")
    _ = descriptor.release()  // it is the driver's now
    let layouts = [GLenum](repeating: GLenum(GL_LAYOUT_GENERAL_EXT), count: written.textures.count)
    unsafe wait(
      semaphore, GLuint(written.buffers.count), written.buffers, GLuint(written.textures.count),
      written.textures, layouts)
    try checkGL("glWaitSemaphoreEXT")
  }
}

/// Who waits for the end of what another API of the GPU does.
public enum SharedFenceWait: Hashable, Sendable {
  /// The GPU, for a semaphore of that API.
  case semaphore
  /// The GPU, for a sync file, since it could not for a semaphore.
  case syncFile(because: EGLFailure)
  /// The CPU has waited, since the GPU could not for a semaphore. Memory that the GPU is to see it sees then.
  case processor(because: EGLFailure)
}
