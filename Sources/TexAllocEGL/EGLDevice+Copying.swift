internal import CEGL
internal import Synchronization
public import TexAlloc

extension EGLDevice {
  /// A texture of the GPU's own, into which the buffer's pixels are copied: by the GPU where the buffer
  /// lies in the device's mapped buffers, else by the CPU.
  ///
  /// - Parameter obstacle: Why no better route was taken.
  func copy(
    _ buffer: TextureBuffer, on route: Route, because obstacle: Texture.Obstacle,
    _ check: Texture.PixelCheck, mipmapped: Bool, in here: ContextGroup.Member
  ) throws(RegistrationRefused) -> Texture {
    let layout = buffer.layout
    var reason: String { words(for: obstacle, to: buffer) ?? "" }
    let formats = try uploadFormats(of: layout, because: reason)
    guard route == .transferred || buffer.isMappedForReading else {
      throw refusal(
        .cpuUsage, "cpuUsage", wanted: "read, to upload it", held: "not mapped; \(reason)")
    }
    for (index, format) in formats.enumerated() {
      let pitch = layout.planes[index].pitch
      guard format.unpacking(pitch: pitch) == nil else { continue }
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
    let objects: TextureObjects
    do {
      objects =
        try takeKeptTextures(of: layout, mipmapped: mipmapped, in: here)
        ?? makeOwnTextures(layout, formats, mipmapped: mipmapped)
    } catch {
      throw refusal(
        .copyFailed, "\(route)", wanted: "\(layout.format)", held: "\(error); \(reason)")
    }
    let texture = Texture(
      objects, of: buffer, on: self, route, because: obstacle, check: check, mipmapped: mipmapped,
      formats)
    try texture.copyContents(0..<layout.height, in: here)
    try enter(texture, in: here)
    if route == .transferred || !isImported(buffer) { buffer.spend() }
    return texture
  }

  /// Whether the GPU may still use the buffer's own memory: it has an import, or had one that waits to be
  /// collected.
  private func isImported(_ buffer: TextureBuffer) -> Bool {
    state.withLock { state in
      state.textures[buffer.id]?[false]?.objects.showsBuffer == true
        || state.retired.contains { $0.buffer === buffer && $0.objects.showsBuffer }
    }
  }

  /// How OpenGL takes a copy of an image, plane by plane.
  ///
  /// - Parameter reason: Why no better route is taken.
  func uploadFormats(
    of layout: ImageLayout, because reason: @autoclosure () -> String
  ) throws(RegistrationRefused) -> [UploadFormat] {
    if let formats = state.withLock({ $0.uploads.formats(of: layout) }) { return formats }
    if let formats = UploadFormat.planes(of: layout) {
      state.withLock { $0.uploads.remember(formats, of: layout) }
      return formats
    }
    var stored = layout
    stored.sampling = .asStored
    guard UploadFormat.planes(of: stored) == nil else {
      throw refusal(
        .sampling, "sampling",
        wanted: "\(Sampling.asStored), or red, green and blue of 8 bits in sRGB",
        held: "\(layout.sampling) of \(layout.format), \(layout.colour.transfer); \(reason())")
    }
    throw refusal(
      .format, "formats", wanted: "one that OpenGL ES takes a copy of",
      held: "\(layout.format); \(reason())")
  }

  /// Textures with storage for the planes of an image and nothing in them.
  func makeOwnTextures(
    _ layout: ImageLayout, _ formats: [UploadFormat], mipmapped: Bool
  ) throws(EGLFailure) -> TextureObjects {
    let form: TextureForm = formats.count == 1 ? .image : .planes
    var parts: [TextureObjects.Part] = []
    do throws(EGLFailure) {
      for (index, format) in formats.enumerated() {
        let size = layout.size(of: index, as: form)
        let name = try makeSampledTexture { () throws(EGLFailure) in
          drainGLErrors()
          sampleLinearly(mipmapped: mipmapped)
          format.defineStorage(
            width: size.width, height: size.height, levels: mipmapped ? size.mipmapLevels : 1)
          try checkGL("glTexStorage2D")
        }
        parts.append(TextureObjects.Part(name: name, image: nil))
      }
    } catch {
      unsafe glDeleteTextures(GLsizei(parts.count), parts.map(\.name))
      throw error
    }
    return TextureObjects(parts, as: form)
  }
}

extension EGLDevice {
  /// Has the slot of a buffer, and its next writer unless that only adds to it, wait for the copies that the
  /// context was given so far.
  ///
  /// - Returns: Their end.
  @discardableResult
  func holdUntilCopied(
    _ buffer: TextureBuffer, in here: ContextGroup.Member
  ) throws(EGLFailure) -> any Fence {
    let batch = state.withLock { $0.copies[here.serial] } ?? beginCopies(in: here)
    buffer.hold(until: batch)
    if buffer.isKept {
      // Its next writer waits for this copy, on whatever thread, before anybody collects and for nothing more.
      if !buffer.isAddedTo {
        buffer.holdWriters(until: try CopyEnd(in: here.handle, askedIn: maker, until: loss))
      }
    } else if batch.add(buffer.layout.size) {
      try sealCopies(in: here)
    }
    return batch
  }

  private func beginCopies(in here: ContextGroup.Member) -> CopyBatch {
    let batch = CopyBatch(in: here.handle, until: loss) { [weak self] in
      try? self?.sealCopies(in: here)
    }
    state.withLock { $0.copies[here.serial] = batch }
    return batch
  }

  /// Puts a sync behind the copies of the context that is current, those that have none yet, and looks which
  /// others are done.
  func sealCopies(in here: ContextGroup.Member) throws(EGLFailure) {
    lookAtCopies()
    guard let batch = state.withLock({ $0.copies[here.serial] }) else { return }
    let end = try CopyEnd(in: here.handle, askedIn: maker, until: loss)
    batch.seal(with: end)
    state.withLock { state in
      state.copies[here.serial] = nil
      state.copyEnds.append(end)
    }
  }

  /// Asks for the ends of copies where that is cheap, in a context of the device's, so that who wants their
  /// slots elsewhere finds the answer.
  func lookAtCopies() {
    let passed = state.withLock { $0.copyEnds }.filter { $0.ask() }
    if passed.isEmpty { return }
    state.withLock { state in
      state.copyEnds.removeAll { end in passed.contains { $0 === end } }
    }
  }
}

extension Texture {
  /// Tells that rows of the buffer were written again. The GPU sees them by itself where the buffer is
  /// imported; where the texture is a copy, they are copied once more: by the GPU where it was
  /// transferred, by the CPU where it was uploaded. Then it makes the mipmaps anew that the texture has.
  ///
  /// The next writer, on any thread, waits until the GPU has copied them.
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
    do {
      if route == .transferred, let mapped = device.mappedBuffer(of: buffer) {
        objects.copy(rows, of: buffer, in: mapped, formats)
        try checkGL("glTexSubImage2D")
        try device.holdUntilCopied(buffer, in: here)
      } else {
        for (plane, format) in formats.enumerated() {
          try buffer.withContents(ofPlane: plane) { pixels in
            withTextureBound(objects.parts[plane].name) {
              format.upload(
                pixels, pitch: layout.planes[plane].pitch,
                width: layout.size(of: plane, as: objects.form).width,
                rows: layout.rows(ofPlane: plane, for: rows))
            }
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
    let bytes = formats.indices.reduce(0) {
      $0 + layout.rows(ofPlane: $1, for: rows).count * layout.rowSize(ofPlane: $1)
    }
    copied.add(bytes, ordering: .relaxed)
    device.countCopy(of: bytes, on: route)
  }
}

extension TextureObjects {
  /// Has the GPU copy rows of a buffer into the textures.
  ///
  /// - Parameter rows: Of the image.
  func copy(
    _ rows: Range<Int>, of buffer: TextureBuffer, in mapped: MappedBuffer,
    _ formats: [UploadFormat]
  ) {
    let layout = buffer.layout
    for (index, format) in formats.enumerated() {
      let plane = layout.planes[index]
      withTextureBound(parts[index].name) {
        format.copy(
          from: mapped.name, at: buffer.offset + plane.offset, pitch: plane.pitch,
          width: layout.size(of: index, as: form).width,
          rows: layout.rows(ofPlane: index, for: rows))
      }
    }
  }
}
