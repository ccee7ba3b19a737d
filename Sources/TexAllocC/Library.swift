public import CTexAlloc
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocVulkan

// The functions of `texalloc.h` that are of no object.

@c @implementation
public func texalloc_version() -> UInt32 {
  UInt32(TEXALLOC_VERSION_MAJOR << 16 | TEXALLOC_VERSION_MINOR << 8 | TEXALLOC_VERSION_PATCH)
}

@c @implementation
public func texalloc_status_name(_ status: texalloc_status) -> UnsafePointer<CChar>? {
  unsafe (StatusNames.all[status.rawValue] ?? StatusNames.unknown).pointer
}

@c @implementation
public func texalloc_route_name(_ route: texalloc_route) -> UnsafePointer<CChar>? {
  let names = RouteNames.all
  let index = Int(route.rawValue)
  return unsafe (names.indices.contains(index) ? names[index] : StatusNames.unknown).pointer
}

@c @implementation
public func texalloc_last_error() -> UnsafePointer<CChar>? { unsafe LastError.words }

@c @implementation
public func texalloc_set_log(
  _ log: texalloc_log_function?, _ user: UnsafeMutableRawPointer?
) -> texalloc_status {
  answer { unsafe Log.set(log, user) }
}

@c @implementation
public func texalloc_shutdown() -> texalloc_status {
  answer {
    let failure = Handles.releaseAll()
    let isOver = OwnThreads.waitForEnd(of: .seconds(10))
    // Their memory may have been written by those threads.
    let other = Handles.closeVulkans()
    guard isOver else {
      throw Misuse(TEXALLOC_BUSY, "a thread of the library has not ended after ten seconds")
    }
    if let failure = failure ?? other { throw failure }
  }
}

/// What callers hold.
enum Handles {
  static let devices = HandleTable<HeldDevice>(of: .device)
  static let pools = HandleTable<HeldPool>(of: .pool)
  static let buffers = HandleTable<HeldBuffer>(of: .buffer)
  static let pictures = HandleTable<HeldPicture>(of: .picture)
  static let textures = HandleTable<HeldTexture>(of: .texture)
  static let loaders = HandleTable<HeldLoader>(of: .loader)
  static let targets = HandleTable<HeldTarget>(of: .target)
  static let fences = HandleTable<HeldFence>(of: .fence)
  static let loads = HandleTable<HeldLoad>(of: .load)
  static let glyphs = HandleTable<HeldGlyphs>(of: .glyphs)
  static let faces = HandleTable<HeldFace>(of: .face)
  static let fonts = HandleTable<HeldFont>(of: .font)
  static let reports = HandleTable<CText>(of: .report)
  static let listeners = HandleTable<HeldListener>(of: .listener)
  static let sockets = HandleTable<HeldSocket>(of: .socket)
  static let vulkans = HandleTable<HeldVulkan>(of: .vulkan)
  static let vulkanTextures = HandleTable<HeldVulkanTexture>(of: .vulkanTexture)

  /// The buffer of a handle.
  @safe static func buffer(_ handle: OpaquePointer?) throws -> TextureBuffer {
    try buffers.use(handle) { $0.buffer }
  }

  /// Devices are closed last, where their context is current, which takes what still needs them.
  ///
  /// - Returns: Why the first of those could not be closed, if its context was current or it needs none.
  static func releaseAll() -> (any Error)? {
    // Whoever is told of the end of a load may make something anew, loaders too.
    while loaders.releaseAll({ $0.close() }) {}
    loads.releaseAll()
    sockets.releaseAll()
    listeners.releaseAll()
    reports.releaseAll()
    fonts.releaseAll()
    faces.releaseAll()
    glyphs.releaseAll()
    fences.releaseAll()
    targets.releaseAll()
    textures.releaseAll()
    vulkanTextures.releaseAll()
    pictures.releaseAll()
    buffers.releaseAll()
    pools.releaseAll()
    var first: (any Error)?
    devices.releaseAll { device in
      do throws(EGLFailure) { try device.gpu.close() } catch {
        if first == nil && error.cause != .wrongThread { first = error }
      }
    }
    return first
  }

  /// - Returns: Why the first of those could not be closed.
  static func closeVulkans() -> (any Error)? {
    var first: (any Error)?
    vulkans.releaseAll { device in
      do throws(VulkanFailure) { try device.gpu.close() } catch {
        if first == nil { first = error }
      }
    }
    return first
  }
}
