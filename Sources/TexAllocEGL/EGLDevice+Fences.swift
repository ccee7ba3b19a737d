internal import CEGL
internal import Synchronization
public import TexAlloc

/// For those who order the work of several devices by themselves. All of it is called on the thread
/// where the context is current.
///
/// ```swift
/// try gpu.waitOnGPU(for: released)     // the display has let go of the buffer
/// draw(into: target)
/// let drawn = try gpu.exportFence()    // the display waits for it: IN_FENCE_FD
/// ```
extension EGLDevice {
  /// The end of everything drawn so far, for this process: to hold a buffer until then, which
  /// ``collect()`` does for textures by itself.
  ///
  /// - Throws: `EGLFailure`.
  public func makeFence() throws(EGLFailure) -> EGLFence {
    try requireContext(for: "makeFence")
    return try fences.makeFence(on: connection, until: loss)
  }

  /// The end of everything drawn so far, for other devices and processes.
  ///
  /// - Throws: `EGLFailure`, unsupported where the display lacks `EGL_ANDROID_native_fence_sync`.
  public func exportFence() throws(EGLFailure) -> SyncFile {
    try requireContext(for: "exportFence")
    return try NativeFences(connection).export()
  }

  /// Has everything drawn in this context from now on begin after a fence of another context of the device
  /// has passed, as ``RenderTarget/finish(rows:)`` gives. The CPU goes on, unless the driver has it wait in
  /// place of the GPU.
  ///
  /// - Throws: `EGLFailure`.
  public func waitOnGPU(for fence: EGLFence) throws(EGLFailure) {
    try requireContext(for: "waitOnGPU")
    try fences.wait(for: fence, on: connection)
  }

  /// Has everything drawn from now on begin after the fence has passed. The CPU goes on, unless the
  /// driver has it wait in place of the GPU.
  ///
  /// - Throws: `EGLFailure`, unsupported as for ``exportFence()``, or without `EGL_KHR_wait_sync`.
  public func waitOnGPU(for fence: SyncFile) throws(EGLFailure) {
    try requireContext(for: "waitOnGPU")
    try NativeFences(connection).wait(for: fence)
  }
}

extension EGLDevice {
  /// Has everything drawn from now on begin after another API of the GPU has written buffers: what Vulkan's
  /// queue was given before `VulkanDevice.shareFence()`. The CPU goes on where the two APIs have semaphores or
  /// sync files in common: [GL_EXT_semaphore_fd].
  ///
  /// It is called on the thread where the context is current, before what was written is registered or told to
  /// have changed. Whoever wrote has given the images to `VK_QUEUE_FAMILY_EXTERNAL` in the layout
  /// `VK_IMAGE_LAYOUT_GENERAL`, by barriers of its own.
  ///
  /// Where Vulkan's driver gives a semaphore and this one takes none, a sync file is made now: Vulkan's queue gets
  /// a submission, under the toolkit's lock of it, which the caller does not have.
  ///
  /// - Parameter buffers: Those that were written. Textures of them see it.
  /// - Returns: Who waits.
  /// - Throws: `EGLFailure`, also where the CPU would have to wait for longer than ten seconds.
  ///
  /// [GL_EXT_semaphore_fd]: https://registry.khronos.org/OpenGL/extensions/EXT/EXT_external_objects_fd.txt
  @discardableResult
  public func waitOnGPU(
    for fence: SharedFence, before buffers: [TextureBuffer]
  ) throws(EGLFailure) -> SharedFenceWait {
    try requireContext(for: "waitOnGPU")
    let obstacle: EGLFailure
    do {
      try semaphores().wait(for: fence, before: written(buffers))
      return .semaphore
    } catch {
      guard error.isUnsupported else { throw error }
      obstacle = error
    }
    if let native = try? NativeFences(connection), native.canWait, let file = try? fence.syncFile()
    {
      try native.wait(for: file)
      return .syncFile(because: obstacle)
    }
    guard fence.wait(until: .now + .seconds(10)) else {
      throw .failed("waitOnGPU", "the other API is not done after ten seconds")
    }
    return .processor(because: obstacle)
  }

  private func semaphores() throws(EGLFailure) -> SharedSemaphores {
    try sharedSemaphores.withLock { known in
      let answer = known ?? Result { () throws(EGLFailure) in try SharedSemaphores() }
      known = answer
      return answer
    }.get()
  }

  /// What OpenGL has of buffers where they lie.
  private func written(_ buffers: [TextureBuffer]) -> (buffers: [GLuint], textures: [GLuint]) {
    let opened = buffers.compactMap { $0.slab?.companion(openedSlabs)?.buffer?.name }
    let textures = buffers.compactMap { liveTextures(of: $0).plain }
      .filter { $0.route == .imported }.flatMap { $0.planes.map(\.name) }
    return (Array(Set(opened)), textures)
  }
}
