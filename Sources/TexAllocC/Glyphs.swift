public import CTexAlloc
internal import CVulkan
internal import Synchronization
internal import SystemPackage
internal import TexAlloc
internal import TexAllocAtlas
internal import TexAllocEGL
internal import TexAllocText
internal import TexAllocVulkan

/// A glyph cache with the fonts that callers hold of it, one call at a time.
final class HeldGlyphs: @unchecked Sendable {
  // What is not `Sendable` is used under the lock alone.

  private let lock = Mutex(())
  private let cache: GlyphCache
  private let library: FontLibrary
  private let isForDevice: Bool
  private var faces: [ObjectIdentifier: FontFace] = [:]
  private var fonts: [ObjectIdentifier: SizedFont] = [:]

  init(_ cache: GlyphCache, isForDevice: Bool) throws(FontError) {
    self.cache = cache
    self.isForDevice = isForDevice
    library = try FontLibrary()
  }

  func withCache<Result>(_ body: (GlyphCache) throws -> Result) rethrows -> Result {
    try lock.withLock { _ in try body(cache) }
  }

  func open(_ source: FontSource) throws -> HeldFace {
    try lock.withLock { _ in
      let face = try FontFace(source, in: library)
      let held = HeldFace(
        of: self, isScalable: face.isScalable, glyphCount: face.glyphCount,
        family: face.familyName.map { CText($0) })
      faces[ObjectIdentifier(held)] = face
      return held
    }
  }

  func font(_ face: HeldFace, pixelSize: Double, _ mode: GlyphMode) throws -> HeldFont {
    try lock.withLock { _ in
      // First, since a handle that goes wants the lock.
      let font = try cache.font(opened(face), pixelSize: pixelSize, mode: mode)
      let held = HeldFont(of: face, pixelSize: pixelSize)
      fonts[ObjectIdentifier(held)] = font
      return held
    }
  }

  func withFace<Result>(_ face: HeldFace, _ body: (FontFace) throws -> Result) rethrows -> Result {
    try lock.withLock { _ in try body(opened(face)) }
  }

  func withFont<Result>(
    _ font: HeldFont, _ body: (GlyphCache, SizedFont) throws -> Result
  ) rethrows -> Result {
    try lock.withLock { _ in
      guard let sized = fonts[ObjectIdentifier(font)] else { preconditionFailure("no such font") }
      return try body(cache, sized)
    }
  }

  private func opened(_ face: HeldFace) -> FontFace {
    guard let opened = faces[ObjectIdentifier(face)] else { preconditionFailure("no such face") }
    return opened
  }

  func forget(_ handle: AnyObject) {
    lock.withLock { _ in
      fonts[ObjectIdentifier(handle)] = nil
      faces[ObjectIdentifier(handle)] = nil
    }
  }

  func page(_ index: Int) throws -> texalloc_glyph_page {
    try withCache { cache in
      guard cache.pages.indices.contains(index) else {
        throw Misuse.argument("there is no page \(index) of \(cache.pages.count)")
      }
      let page = cache.pages[index]
      var result = texalloc_glyph_page()
      result.number = UInt32(page.number)
      result.occupancy = page.occupancy
      result.texture.width = UInt32(page.size.width)
      result.texture.height = UInt32(page.size.height)
      result.texture.format = Fourcc.r8.rawValue
      result.route = texalloc_route(page.buffer.route)
      if let texture = page.registration as? Texture, isForDevice {
        result.texture = texalloc_texture_plane(texture.planes[0])
        result.route = texalloc_route(texture.route)
      } else if let texture = page.registration as? VulkanTexture {
        result.vulkan = texalloc_vulkan_plane(texture.planes[0])
        result.vulkan_layout = texture.layout.rawValue
        result.route = texalloc_route(texture.route)
      }
      return result
    }
  }
}

final class HeldFace: Sendable {
  let glyphs: HeldGlyphs
  let isScalable: Bool
  let glyphCount: Int
  let family: CText?

  init(of glyphs: HeldGlyphs, isScalable: Bool, glyphCount: Int, family: CText?) {
    self.glyphs = glyphs
    self.isScalable = isScalable
    self.glyphCount = glyphCount
    self.family = family
  }

  deinit { glyphs.forget(self) }
}

extension texalloc_glyphs_options: SizedStruct {
  @safe static var sizeBefore: UInt32? { 20 }
}
extension texalloc_glyphs_flushed: SizedStruct {}
extension texalloc_glyphs_info: SizedStruct {}
extension texalloc_glyph_page: SizedStruct {}
extension texalloc_face_options: SizedStruct {}
extension texalloc_face_info: SizedStruct {}

@c @implementation
public func texalloc_glyphs_create(
  _ device: OpaquePointer?, _ pool: OpaquePointer?,
  _ options: UnsafePointer<texalloc_glyphs_options>?,
  _ glyphs: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let (room, options) = unsafe (try room(glyphs, for: "glyphs"), try passed(options))
    let pool = try Handles.pools.find(pool).pool
    var gpu: (any Registrar)?
    if unsafe device != nil { gpu = try Handles.devices.find(device).gpu }
    if let vulkan = unsafe options.vulkan {
      guard gpu == nil else { throw Misuse.argument("a device and one of Vulkan") }
      gpu = try Handles.vulkans.find(vulkan).gpu
    }
    var size: ImageSize?
    let (width, height) = unsafe (options.page_width, options.page_height)
    if width > 0 || height > 0 {
      guard 1...16_384 ~= width && 1...16_384 ~= height else {
        throw Misuse.argument("a page of \(width)x\(height)")
      }
      size = ImageSize(width: Int(width), height: Int(height))
    }
    let workers: any Workers =
      unsafe options.threads == 0
      ? CallingThread()
      : try WorkerThreads(Int(min(unsafe options.threads, 1024)), named: "texalloc-glyph")
    let cache = GlyphCache(
      in: pool, for: gpu, pageSize: size,
      pageLimit: unsafe options.page_limit == 0 ? nil : Int(options.page_limit),
      workers: workers)
    unsafe room.pointee = try Handles.glyphs.insert(HeldGlyphs(cache, isForDevice: gpu != nil))
  }
}

@c @implementation
public func texalloc_glyphs_use(
  _ glyphs: OpaquePointer?, _ generation: UInt64, _ isThere: UnsafeMutablePointer<Bool>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(isThere, for: "is_there")
    unsafe room.pointee = try Handles.glyphs.find(glyphs).withCache { $0.use(id: generation) }
  }
}

@c @implementation
public func texalloc_glyphs_flush(
  _ glyphs: OpaquePointer?, _ flushed: UnsafeMutablePointer<texalloc_glyphs_flushed>?
) -> texalloc_status {
  answer {
    let glyphs = try Handles.glyphs.find(glyphs)
    let isWanted = unsafe flushed != nil
    if isWanted { unsafe try requireRoom(in: flushed) }
    // It is what touches OpenGL.
    let written = try HeldDevice.tellingErrorsAfterwards {
      try glyphs.withCache { try $0.flush() }
    }
    guard isWanted else { return }
    unsafe try pass(
      texalloc_glyphs_flushed(
        struct_size: 0, pages: UInt32(written.pages), bytes: UInt64(written.byteCount)),
      to: flushed)
  }
}

@c @implementation
public func texalloc_glyphs_get_info(
  _ glyphs: OpaquePointer?, _ info: UnsafeMutablePointer<texalloc_glyphs_info>?
) -> texalloc_status {
  answer {
    let result = try Handles.glyphs.find(glyphs).withCache { cache in
      let statistics = cache.statistics
      return texalloc_glyphs_info(
        struct_size: 0, pages: UInt32(cache.pages.count), glyphs: UInt32(clamping: cache.count),
        drawn: UInt64(statistics.rasterized), evicted: UInt64(statistics.evicted),
        bytes_written: UInt64(statistics.bytesWritten))
    }
    unsafe try pass(result, to: info)
  }
}

@c @implementation
public func texalloc_glyphs_get_page(
  _ glyphs: OpaquePointer?, _ index: UInt32, _ page: UnsafeMutablePointer<texalloc_glyph_page>?
) -> texalloc_status {
  answer { unsafe try pass(try Handles.glyphs.find(glyphs).page(Int(index)), to: page) }
}

@c @implementation
public func texalloc_glyphs_release(_ glyphs: OpaquePointer?) -> texalloc_status {
  answer { try Handles.glyphs.release(glyphs) }
}

@c @implementation
public func texalloc_face_open(
  _ glyphs: OpaquePointer?, _ path: UnsafePointer<CChar>?,
  _ options: UnsafePointer<texalloc_face_options>?, _ face: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(face, for: "face")
    let glyphs = try Handles.glyphs.find(glyphs)
    let options = unsafe try passed(options)
    let source = FontSource(
      contentsOf: try unsafe TexAllocC.path(path), index: Int(unsafe options.index),
      axes: try unsafe axes(options))
    unsafe room.pointee = try Handles.faces.insert(glyphs.open(source))
  }
}

@c @implementation
public func texalloc_face_open_bytes(
  _ glyphs: OpaquePointer?, _ bytes: UnsafeRawPointer?, _ size: Int,
  _ name: UnsafePointer<CChar>?, _ options: UnsafePointer<texalloc_face_options>?,
  _ face: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(face, for: "face")
    let glyphs = try Handles.glyphs.find(glyphs)
    let options = unsafe try passed(options)
    guard let bytes = unsafe bytes, size >= 0 else { throw Misuse.argument("bytes is NULL") }
    let name = try unsafe name.map { try unsafe text($0, "name") } ?? "font"
    // The caller's as long as this call lasts; they are copied.
    let source = FontSource(
      bytes: unsafe Span(_unsafeBytes: UnsafeRawBufferPointer(start: bytes, count: size)),
      named: name, index: Int(unsafe options.index), axes: try unsafe axes(options))
    unsafe room.pointee = try Handles.faces.insert(glyphs.open(source))
  }
}

@unsafe private func axes(_ options: texalloc_face_options) throws(Misuse) -> [String: Double] {
  var axes: [String: Double] = [:]
  let list = try unsafe array(options.axes, options.axis_count, "axes")
  for index in unsafe list.indices {
    let tag = try unsafe text(list[index].tag, "tag")
    axes[tag] = unsafe list[index].value
  }
  return axes
}

@c @implementation
public func texalloc_face_get_info(
  _ face: OpaquePointer?, _ info: UnsafeMutablePointer<texalloc_face_info>?
) -> texalloc_status {
  answer {
    let face = try Handles.faces.find(face)
    unsafe try pass(
      texalloc_face_info(
        struct_size: 0, glyph_count: UInt32(clamping: face.glyphCount),
        is_scalable: face.isScalable, family: face.family?.pointer), to: info)
  }
}

@c @implementation
public func texalloc_face_get_glyph(
  _ face: OpaquePointer?, _ character: UInt32, _ glyph: UnsafeMutablePointer<UInt32>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(glyph, for: "glyph")
    let face = try Handles.faces.find(face)
    guard let character = Unicode.Scalar(character) else {
      throw Misuse.argument("0x\(String(character, radix: 16)) is no character")
    }
    unsafe room.pointee = face.glyphs.withFace(face) { $0.glyph(for: character) ?? 0 }
  }
}

@c @implementation
public func texalloc_face_release(_ face: OpaquePointer?) -> texalloc_status {
  answer { try Handles.faces.release(face) }
}
