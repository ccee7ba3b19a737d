public import CTexAlloc
internal import TexAlloc
internal import TexAllocEGL

/// A texture with the reason for its route.
final class HeldTexture: Sendable {
  let texture: Texture
  private let reason: CText?

  init(_ texture: Texture) {
    self.texture = texture
    reason = texture.reason.map { CText($0) }
    if texture.route == .uploaded {
      Log.write(
        TEXALLOC_LOG_WARNING,
        "\(texture.buffer.name) was copied by the CPU: \(texture.reason ?? "it was demanded")")
    }
  }

  /// Its text lasts as long as this.
  var info: texalloc_texture_info {
    let (layout, planes) = (texture.buffer.layout, texture.planes)
    var info = unsafe texalloc_texture_info()
    unsafe info.width = UInt32(clamping: layout.width)
    unsafe info.height = UInt32(clamping: layout.height)
    unsafe info.plane_count = UInt32(planes.count)
    unsafe info.planes = four { index in
      planes.indices.contains(index) ? texalloc_texture_plane(planes[index]) : .init()
    }
    unsafe info.route = texalloc_route(texture.route)
    unsafe info.reason = reason?.pointer
    unsafe info.has_mipmaps = texture.isMipmapped
    unsafe info.colour = texalloc_colour(texture.colour)
    unsafe info.bytes_transferred = UInt64(texture.bytesTransferred)
    unsafe info.bytes_uploaded = UInt64(texture.bytesUploaded)
    return unsafe info
  }
}

extension texalloc_texture_info: SizedStruct {}

extension texalloc_texture_plane {
  init(_ plane: Texture.Plane) {
    self.init(
      name: plane.name, target: plane.target, width: UInt32(clamping: plane.size.width),
      height: UInt32(clamping: plane.size.height), format: plane.format.fourcc.rawValue)
  }
}

@c @implementation
public func texalloc_texture_create(
  _ device: OpaquePointer?, _ buffer: OpaquePointer?, _ flags: UInt32,
  _ texture: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(texture, for: "texture")
    let gpu = try Handles.devices.find(device).gpu
    let buffer = try Handles.buffer(buffer)
    let wantsMipmaps = flags & UInt32(TEXALLOC_WITH_MIPMAPS) != 0
    let isNeverUploaded = flags & UInt32(TEXALLOC_NEVER_UPLOADED) != 0
    guard flags & ~UInt32(TEXALLOC_WITH_MIPMAPS | TEXALLOC_NEVER_UPLOADED) == 0 else {
      throw Misuse.argument("flags: 0x\(String(flags, radix: 16))")
    }
    if isNeverUploaded && wantsMipmaps {
      throw Misuse.argument(
        "flags: NEVER_UPLOADED and WITH_MIPMAPS; allocate the buffer with TEXALLOC_MIPMAPPED")
    }
    let texture =
      isNeverUploaded
      ? try gpu.register(buffer) : try gpu.texture(for: buffer, mipmapped: wantsMipmaps)
    unsafe room.pointee = try Handles.textures.insert(HeldTexture(texture))
  }
}

@c @implementation
public func texalloc_texture_get_info(
  _ texture: OpaquePointer?, _ info: UnsafeMutablePointer<texalloc_texture_info>?
) -> texalloc_status {
  answer { unsafe try pass(Handles.textures.find(texture).info, to: info) }
}

@c @implementation
public func texalloc_texture_get_buffer(
  _ texture: OpaquePointer?, _ buffer: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(buffer, for: "buffer")
    let buffer = try Handles.textures.find(texture).texture.buffer
    unsafe room.pointee = try Handles.buffers.insert(HeldBuffer(buffer))
  }
}

@c @implementation
public func texalloc_texture_contents_changed(
  _ texture: OpaquePointer?, _ firstRow: UInt32, _ rowCount: UInt32
) -> texalloc_status {
  answer {
    let texture = try Handles.textures.find(texture).texture
    try texture.contentsChanged(rows: rows(rowCount, from: firstRow, of: texture.buffer))
  }
}

/// Rows of an image; nil where there are none, which stands for all.
func rows(
  _ count: UInt32, from first: UInt32, of buffer: TextureBuffer
) throws(Misuse) -> Range<Int>? {
  let rows = Int(first)..<Int(first) + Int(count)
  let height = buffer.layout.height
  guard rows.upperBound <= height else {
    throw Misuse.argument("rows up to \(rows.upperBound) of \(height)")
  }
  return rows.isEmpty ? nil : rows
}

@c @implementation
public func texalloc_texture_use(_ texture: OpaquePointer?) -> texalloc_status {
  answer { try Handles.textures.find(texture).texture.use() }
}

@c @implementation
public func texalloc_texture_release(_ texture: OpaquePointer?) -> texalloc_status {
  answer { try Handles.textures.release(texture) }
}
