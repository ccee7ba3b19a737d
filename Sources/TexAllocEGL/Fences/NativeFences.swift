internal import CEGL
internal import SystemPackage
internal import TexAlloc

/// The entry points of `EGL_ANDROID_native_fence_sync`: fences of EGL that are sync files outside of it.
/// Having them is the proof that the display has it.
@safe struct NativeFences: Sendable {
  private typealias Create =
    @convention(c) (EGLDisplay?, EGLenum, UnsafePointer<EGLint>?) -> EGLSyncKHR?
  private typealias Destroy = @convention(c) (EGLDisplay?, EGLSyncKHR?) -> EGLBoolean
  private typealias Duplicate = @convention(c) (EGLDisplay?, EGLSyncKHR?) -> EGLint
  private typealias Wait = @convention(c) (EGLDisplay?, EGLSyncKHR?, EGLint) -> EGLint

  private let connection: EGLConnection
  private let create: Create
  private let destroy: Destroy
  private let duplicate: Duplicate
  /// Of `EGL_KHR_wait_sync`; nil where the display lacks that.
  private let wait: Wait?

  /// - Throws: The extension that is missing.
  init(_ connection: EGLConnection) throws(EGLFailure) {
    try Self.require("EGL_ANDROID_native_fence_sync", connection)
    guard let create = unsafe eglFunction("eglCreateSyncKHR", as: Create.self),
      let destroy = unsafe eglFunction("eglDestroySyncKHR", as: Destroy.self),
      let duplicate = unsafe eglFunction("eglDupNativeFenceFDANDROID", as: Duplicate.self)
    else { throw .failed("eglGetProcAddress", "no eglDupNativeFenceFDANDROID") }
    self.connection = connection
    unsafe self.create = create
    unsafe self.destroy = destroy
    unsafe self.duplicate = duplicate
    unsafe wait =
      connection.extensions.contains("EGL_KHR_wait_sync")
      ? eglFunction("eglWaitSyncKHR", as: Wait.self) : nil
  }

  /// A sync file behind every command given to the current context so far, which are sent on their
  /// way: before that, the driver has none.
  func export() throws(EGLFailure) -> SyncFile {
    let sync = try unsafe makeSync(EGL_NO_NATIVE_FENCE_FD_ANDROID)
    defer { _ = unsafe destroy(connection.display, sync) }
    glFlush()
    let raw = unsafe duplicate(connection.display, sync)
    guard raw != EGL_NO_NATIVE_FENCE_FD_ANDROID else {
      throw .last("eglDupNativeFenceFDANDROID")
    }
    do {
      return try SyncFile(owning: OwnedDescriptor(owning: FileDescriptor(rawValue: raw)))
    } catch {
      throw .failed("eglDupNativeFenceFDANDROID", "\(error)")
    }
  }

  /// Whether the GPU waits for sync files.
  var canWait: Bool { unsafe wait != nil }

  /// Has every command that the current context is given from now on wait for a fence.
  func wait(for fence: SyncFile) throws(EGLFailure) {
    try Self.require("EGL_KHR_wait_sync", connection)
    guard let wait = unsafe wait else { throw .failed("eglGetProcAddress", "no eglWaitSyncKHR") }
    let descriptor: OwnedDescriptor
    do { descriptor = try fence.duplicate() } catch {
      throw .failed("eglCreateSyncKHR", "\(error)")
    }
    let sync = try unsafe makeSync(descriptor.descriptor.rawValue)
    _ = descriptor.release()  // it is the sync's now
    defer { _ = unsafe destroy(connection.display, sync) }
    guard unsafe wait(connection.display, sync, 0) == EGL_TRUE else {
      throw .last("eglWaitSyncKHR")
    }
  }

  private static func require(
    _ name: String, _ connection: EGLConnection
  ) throws(EGLFailure) {
    guard connection.extensions.contains(Substring(name)) else {
      throw .unsupported(name, "the display of \(connection.driver) lacks it")
    }
  }

  @unsafe private func makeSync(_ descriptor: CInt) throws(EGLFailure) -> EGLSyncKHR {
    let attributes: [EGLint] = [EGL_SYNC_NATIVE_FENCE_FD_ANDROID, descriptor, EGL_NONE]
    guard
      let sync = unsafe create(
        connection.display, EGLenum(EGL_SYNC_NATIVE_FENCE_ANDROID), attributes)
    else { throw .last("eglCreateSyncKHR") }
    return unsafe sync
  }
}
