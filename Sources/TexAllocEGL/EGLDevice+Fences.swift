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
