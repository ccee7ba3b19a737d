internal import CEGL
internal import Synchronization
public import TexAlloc

extension EGLDevice {
  /// A texture of the GPU's own, into which the buffer's pixels are copied: by the GPU where the buffer
  /// lies in the device's mapped buffers, else by the CPU.
  ///
  /// - Parameter reason: Why no better route was taken.
  func copy(
    _ buffer: TextureBuffer, on route: Route, because reason: String, _ check: Texture.PixelCheck,
    mipmapped: Bool, in here: ContextGroup.Member
  ) throws(RegistrationRefused) -> Texture {
    let layout = buffer.layout
    let format = try uploadFormat(of: layout, because: reason)
    guard route == .transferred || buffer.isMappedForReading else {
      throw refusal(
        .cpuUsage, "cpuUsage", wanted: "read, to upload it", held: "not mapped; \(reason)")
    }
    let pitch = layout.planes[0].pitch
    guard format.unpacking(pitch: pitch) != nil else {
      throw refusal(
        .pitch, "pitchAlignment", wanted: "a multiple of \(format.bytesPerPixel) to copy it",
        held: "\(pitch); \(reason)")
    }
    let limit = description.maxTextureSize
    guard max(layout.width, layout.height) <= limit else {
      throw refusal(
        .size, "width, height", wanted: "at most \(limit)", held: "\(layout.width)x\(layout.height)"
      )
    }
    let name: GLuint
    do {
      name =
        try takeKeptTexture(of: layout, format, mipmapped: mipmapped, in: here)
        ?? makeOwnTexture(layout, format, mipmapped: mipmapped)
    } catch {
      throw refusal(
        .copyFailed, "\(route)", wanted: "\(layout.format)", held: "\(error); \(reason)")
    }
    let texture = Texture(
      of: buffer, on: self, name: name, image: nil, route, because: reason, check: check,
      mipmapped: mipmapped)
    try texture.copyContents(0..<layout.height, in: here)
    try enter(texture, in: here)
    if !isImported(buffer) { buffer.spend() }
    return texture
  }

  /// Whether the GPU may still use the buffer's own memory: it has an import, or had one that waits to be
  /// collected.
  private func isImported(_ buffer: TextureBuffer) -> Bool {
    state.withLock { state in
      state.textures[TextureKey(buffer: buffer.id, isMipmapped: false)]?.objects.image != nil
        || state.retired.contains { $0.buffer === buffer && $0.objects.image != nil }
    }
  }

  /// How OpenGL takes a copy of an image.
  ///
  /// - Parameter reason: Why no better route is taken.
  func uploadFormat(
    of layout: ImageLayout, because reason: String
  ) throws(RegistrationRefused) -> UploadFormat {
    if let format = UploadFormat(layout) { return format }
    var stored = layout
    stored.sampling = .asStored
    guard UploadFormat(stored) == nil else {
      throw refusal(
        .sampling, "sampling",
        wanted: "\(Sampling.asStored), or red, green and blue of 8 bits in sRGB",
        held: "\(layout.sampling) of \(layout.format), \(layout.colour.transfer); \(reason)")
    }
    throw refusal(
      .format, "formats", wanted: "one that OpenGL ES takes a copy of",
      held: "\(layout.format); \(reason)")
  }

  /// A texture with storage for an image and nothing in it.
  func makeOwnTexture(
    _ layout: ImageLayout, _ format: UploadFormat, mipmapped: Bool
  ) throws(EGLFailure) -> GLuint {
    try makeSampledTexture { () throws(EGLFailure) in
      drainGLErrors()
      sampleLinearly(mipmapped: mipmapped)
      format.defineStorage(
        width: layout.width, height: layout.height, levels: mipmapped ? layout.mipmapLevels : 1)
      try checkGL("glTexStorage2D")
    }
  }
}

extension EGLDevice {
  /// Has the slot of a buffer wait for the copies that the context was given so far.
  func holdUntilCopied(
    _ buffer: TextureBuffer, in here: ContextGroup.Member
  ) throws(EGLFailure) {
    if buffer.isKept {
      // Its next writer waits for the copy, perhaps before anybody collects.
      return buffer.hold(until: try fences.makeFence(on: connection, until: loss), writers: true)
    }
    let batch =
      state.withLock { $0.copies[here.serial] }
      ?? CopyBatch(in: here.handle, until: loss) { [weak self] in try? self?.sealCopies(in: here) }
    state.withLock { $0.copies[here.serial] = batch }
    buffer.hold(until: batch)
    if batch.add(buffer.layout.size) { try sealCopies(in: here) }
  }

  /// Puts a fence behind the copies of the context that is current, those that have none yet.
  func sealCopies(in here: ContextGroup.Member) throws(EGLFailure) {
    guard let batch = state.withLock({ $0.copies[here.serial] }) else { return }
    batch.seal(with: try fences.makeFence(on: connection, until: loss))
    state.withLock { $0.copies[here.serial] = nil }
  }
}

extension Texture {
  /// Tells that rows of the buffer were written again. The GPU sees them by itself where the buffer is
  /// imported; where the texture is a copy, they are copied once more: by the GPU where it was
  /// transferred, by the CPU where it was uploaded. Then it makes the mipmaps anew that the texture has.
  ///
  /// - Parameter rows: Of the image; all of them where nil.
  /// - Throws: `RegistrationRefused` where the device's context is not current on this thread, where the
  ///   buffer is spent, or OpenGL did not take the pixels.
  public func contentsChanged(rows: Range<Int>? = nil) throws(RegistrationRefused) {
    if route == .imported { return }
    let here = try device.contextHere()
    try buffer.requireContents(for: device.name)
    let rows = rows ?? 0..<buffer.layout.height
    precondition(0 <= rows.lowerBound && rows.upperBound <= buffer.layout.height)
    try copyContents(rows, in: here)
    try device.handOver(self, in: here)
  }

  func copyContents(
    _ rows: Range<Int>, in here: ContextGroup.Member
  ) throws(RegistrationRefused) {
    let layout = buffer.layout
    guard let format = UploadFormat(layout) else { return }
    drainGLErrors()
    do {
      if route == .transferred, let mapped = device.mappedBuffer(of: buffer) {
        withTextureBound(name) { format.copy(rows, of: buffer, in: mapped) }
        try checkGL("glTexSubImage2D")
        try device.holdUntilCopied(buffer, in: here)
      } else {
        let pitch = layout.planes[0].pitch
        try buffer.withContents { pixels in
          withTextureBound(name) {
            format.upload(pixels, pitch: pitch, width: layout.width, rows: rows)
          }
        }
        try checkGL("glTexSubImage2D")
      }
      if isMipmapped { try makeMipmaps() }
    } catch let refusal as RegistrationRefused {
      throw refusal
    } catch {
      throw device.refusal(
        .copyFailed, "\(route)", wanted: "\(layout.format)", held: "\(error)")
    }
    let bytes = rows.count * layout.rowSize(ofPlane: 0)
    copied.add(bytes, ordering: .relaxed)
    device.countCopy(of: bytes, on: route)
  }
}

extension UploadFormat {
  /// Has the GPU copy rows of a buffer into the texture that is bound.
  func copy(_ rows: Range<Int>, of buffer: TextureBuffer, in mapped: MappedBuffer) {
    let (layout, plane) = (buffer.layout, buffer.layout.planes[0])
    copy(
      from: mapped.name, at: buffer.offset + plane.offset, pitch: plane.pitch, width: layout.width,
      rows: rows)
  }
}
