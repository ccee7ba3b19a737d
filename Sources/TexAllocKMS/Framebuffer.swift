internal import CDRM
internal import SystemPackage
internal import Synchronization
public import TexAlloc

/// A buffer that a display can show.
public final class DisplayBuffer: Registration {
  public let component: String
  public let buffer: TextureBuffer
  let framebuffer: Framebuffer

  init(component: String, buffer: TextureBuffer, _ framebuffer: Framebuffer) {
    self.component = component
    self.buffer = buffer
    self.framebuffer = framebuffer
  }
}

/// The driver's object for an image in memory ([ADDFB2]). It keeps the memory alive by itself.
///
/// [ADDFB2]: https://docs.kernel.org/gpu/drm-uapi.html
final class Framebuffer: Sendable {
  /// What tells one from another in the same memory.
  struct Key: Hashable, Sendable {
    let size: ImageSize
    let format: Format
    /// Offset and pitch.
    let planes: [[UInt32]]
  }

  let id: UInt32
  let key: Key
  private let card: Card

  static func key(of buffer: TextureBuffer) -> Key {
    let layout = buffer.layout
    return Key(
      size: ImageSize(width: layout.width, height: layout.height), format: layout.format,
      planes: layout.planes.indices.map {
        [
          UInt32(clamping: buffer.place(ofPlane: $0).offset),
          UInt32(clamping: layout.planes[$0].pitch),
        ]
      })
  }

  /// - Parameter component: For refusals.
  init(
    of buffer: TextureBuffer, _ key: Key, on card: Card, for component: String
  ) throws(RegistrationRefused) {
    var command = drm_mode_fb_cmd2()
    command.width = UInt32(clamping: key.size.width)
    command.height = UInt32(clamping: key.size.height)
    command.pixel_format = key.format.fourcc.rawValue
    var handles: [UInt32] = []
    var call = "PRIME_FD_TO_HANDLE"
    // Whether or not there is a framebuffer, which keeps the memory.
    defer {
      for handle in Set(handles) {
        var request = drm_gem_close(handle: handle, pad: 0)
        _ = try? card.call("GEM_CLOSE", texalloc_drm_close_handle, &request)
      }
    }
    do throws(SystemFailure) {
      for index in key.planes.indices {
        guard let memory = buffer.place(ofPlane: index).descriptor else {
          throw SystemFailure("DRM_IOCTL_\(call)", on: card.path.string, .badFileDescriptor)
        }
        var request = drm_prime_handle()
        request.fd = memory.rawValue
        try card.call(call, texalloc_drm_fd_to_handle, &request)
        handles.append(request.handle)
      }
      // Planes that are not there are zero.
      func four(_ values: [UInt32]) -> (UInt32, UInt32, UInt32, UInt32) {
        let all = values + [0, 0, 0, 0]
        return (all[0], all[1], all[2], all[3])
      }
      command.handles = four(handles)
      command.offsets = four(key.planes.map { $0[0] })
      command.pitches = four(key.planes.map { $0[1] })
      if key.format.modifier != .linear {
        command.flags = UInt32(DRM_MODE_FB_MODIFIERS)
        let modifier = key.format.modifier.rawValue
        let all = key.planes.map { _ in modifier } + [0, 0, 0, 0]
        command.modifier = (all[0], all[1], all[2], all[3])
      }
      call = "MODE_ADDFB2"
      try card.call(call, texalloc_drm_add_framebuffer, &command)
    } catch {
      throw RegistrationRefused(
        .importFailed, by: component, field: error.operation,
        wanted: "memory that the driver takes",
        held: "\(buffer.heap ?? "memory of the application"): \(error.errno)")
    }
    id = command.fb_id
    (self.key, self.card) = (key, card)
  }

  deinit {
    var request = id
    _ = try? card.call("MODE_RMFB", texalloc_drm_remove_framebuffer, &request)
  }
}

extension Display {
  /// Has the driver make a framebuffer of one buffer of the kind.
  public func check(_ trial: TextureBuffer, on route: Route) throws(RegistrationRefused) {
    try requireImage(trial)
    _ = try Framebuffer(of: trial, Framebuffer.key(of: trial), on: card, for: name)
  }

  /// A driver that hands images to a host shows its own buffers in the shape that they were made in, and takes
  /// them for framebuffers of any other: heaps make them for raw memory.
  private func requireImage(_ buffer: TextureBuffer) throws(RegistrationRefused) {
    guard let heap = buffer.heap,
      ["drm-dumb", "gbm"].contains(where: { heap.hasPrefix("\($0):\(driver)") }),
      ["virtio_gpu", "vmwgfx"].contains(driver)
    else { return }
    throw RegistrationRefused(
      .heap, by: name, field: AttributeField.heaps.rawValue, wanted: "memory made as this image",
      held: heap)
  }

  /// Makes a framebuffer of a buffer. It is kept with the slab, so that a ring of frames costs none.
  public func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> DisplayBuffer {
    try attributes.accept(buffer)
    try requireImage(buffer)
    if let known = state.withLock({ $0.known[buffer.id]?.buffer }) { return known }
    let key = Framebuffer.key(of: buffer)
    let framebuffer: Framebuffer
    if let slab = buffer.slab {
      if let last = slab.companion(framebufferOfSlab), last.key != key {
        slab.removeCompanion(framebufferOfSlab)
      }
      framebuffer = try slab.companion(framebufferOfSlab) { () throws(RegistrationRefused) in
        try Framebuffer(of: buffer, key, on: card, for: name)
      }
    } else {
      framebuffer = try Framebuffer(of: buffer, key, on: card, for: name)
    }
    let made = DisplayBuffer(component: name, buffer: buffer, framebuffer)
    return state.withLock { state in
      if let first = state.known[buffer.id]?.buffer { return first }
      state.known = state.known.filter { $0.value.buffer != nil }
      state.known[buffer.id] = WeakBuffer(buffer: made)
      return made
    }
  }
}

extension Card {
  /// Of a framebuffer, as far as the driver gives it away: the pitch that it has for a picture one pixel
  /// wide.
  var pitchAlignment: Int {
    var request = drm_mode_create_dumb()
    (request.width, request.height, request.bpp) = (1, 1, 32)
    guard (try? call("MODE_CREATE_DUMB", texalloc_drm_create, &request)) != nil else { return 4 }
    _ = texalloc_drm_destroy_dumb(descriptor.rawValue, request.handle)
    return Int(request.pitch)
  }
}
