internal import CVulkan
internal import Synchronization
public import TexAlloc

extension VulkanDevice {
  /// A texture of a buffer by any route: as ``register(_:)``, or else one of the GPU's own into which it copies
  /// the pixels from where they lie. It says which, and why no better one. Once copied, the buffer is spent
  /// unless it was allocated for more than that.
  ///
  /// - Parameter mipmapped: Whether it has mipmaps, which the GPU makes after each copy: then it is never an
  ///   import.
  /// - Throws: `RegistrationRefused` where the GPU cannot copy from that memory either, or where another
  ///   route was demanded.
  public func texture(
    for buffer: TextureBuffer, mipmapped: Bool = false
  ) throws(RegistrationRefused) -> VulkanTexture {
    if mipmapped || buffer.wantsMipmaps {
      return try transfer(
        buffer, mipmapped: true, because: "an import has no mipmaps")
    }
    do { return try register(buffer) } catch {
      guard demandedRoute == nil, ![.lost, .closed, .spent].contains(error.cause) else {
        throw error
      }
      return try transfer(
        buffer, mipmapped: false,
        because: "\(error.field): wanted \(error.wanted), held \(error.held)")
    }
  }

  /// As ``texture(for:mipmapped:)``, for those who know no Vulkan: a glyph cache.
  public func registration(
    for buffer: TextureBuffer
  ) throws(RegistrationRefused) -> VulkanTexture {
    try texture(for: buffer)
  }

  /// A texture of the GPU's own, into which it copies the buffer's pixels from where they lie.
  ///
  /// - Parameter reason: Why no better route was taken.
  func transfer(
    _ buffer: TextureBuffer, mipmapped: Bool, because reason: String
  ) throws(RegistrationRefused) -> VulkanTexture {
    if let known = try enter(for: buffer, mipmapped: mipmapped) { return known }
    defer { leave() }
    try buffer.requireContents(for: name)
    let formats = try planeFormats(of: buffer.layout)
    _ = try slabToCopy(of: buffer)
    try checkCopying(buffer.layout, formats, mipmapped: mipmapped)
    let check = try verify(buffer, on: .transferred)
    let images = try makeOwnImages(of: buffer, formats, mipmapped: mipmapped)
    do throws(RegistrationRefused) {
      try copy(0..<buffer.layout.height, of: buffer, into: images, isNew: true)
    } catch {
      discard(.transferred(images), of: buffer)
      throw error
    }
    let texture = try enter(
      VulkanTexture(
        .transferred(images), of: buffer, on: self, .transferred, because: reason, check: check))
    buffer.spend()
    return texture
  }

  /// Images for the planes of a buffer, with nothing in them. What the queue was given may still use them.
  func makeOwnImages(
    of buffer: TextureBuffer, _ formats: [PlaneFormat], mipmapped: Bool
  ) throws(RegistrationRefused) -> [OwnImage] {
    let layout = buffer.layout
    var made: [OwnImage] = []
    for (index, format) in formats.enumerated() {
      let shape = OwnImageShape(format, layout.texels(ofPlane: index), mipmapped: mipmapped)
      do throws(VulkanFailure) {
        if let kept = state.withLock({ $0.keptImages.take(shape) }) {
          made.append(kept)
        } else {
          made.append(try OwnImage(shape, in: imageMemory, on: connection))
        }
      } catch {
        if !made.isEmpty { discard(.transferred(made), of: buffer) }
        throw refusal(
          cause(of: error, or: .copyFailed), "transferred", wanted: "\(layout.format)",
          held: "\(error)")
      }
    }
    return made
  }

  /// Has the GPU copy rows of a buffer. The slot waits for that, and so does its next writer,
  /// unless that only adds to it.
  func copy(
    _ rows: Range<Int>, of buffer: TextureBuffer, into images: [OwnImage], isNew: Bool
  ) throws(RegistrationRefused) {
    let layout = buffer.layout
    let slab = try slabToCopy(of: buffer)
    do throws(VulkanFailure) {
      let kept = try slabImages(of: slab, for: copySources)
      let source = try kept.copySource()
      let fence = try unsafe work.submit { list in
        for (index, image) in images.enumerated() {
          let shape = layout.shapes[index]
          let planeRows =
            rows.lowerBound / shape.verticalSubsampling..<shape.rows(down: rows.upperBound)
          let plane = layout.planes[index]
          unsafe image.recordCopy(
            of: planeRows, from: source.buffer, at: buffer.offset + plane.offset,
            pitch: plane.pitch, isNew: isNew, in: list)
        }
      }
      kept.hold(until: fence)
      buffer.hold(until: fence, writers: true)
    } catch {
      throw refusal(
        cause(of: error, or: .copyFailed), "transferred", wanted: "\(layout.format)",
        held: "\(error)")
    }
  }

  private func slabToCopy(of buffer: TextureBuffer) throws(RegistrationRefused) -> Slab {
    guard let slab = buffer.slab else {
      throw refusal(
        .heap, "heaps", wanted: "memory of a slab, to copy from", held: "the application's own")
    }
    return slab
  }

  /// Validates before the driver does.
  private func checkCopying(
    _ layout: ImageLayout, _ formats: [PlaneFormat], mipmapped: Bool
  ) throws(RegistrationRefused) {
    let limit = description.maxImageSize
    guard max(layout.width, layout.height) <= limit else {
      throw refusal(
        .size, "width, height", wanted: "at most \(limit)", held: "\(layout.width)x\(layout.height)"
      )
    }
    for (plane, format) in zip(layout.planes, formats) {
      let unit = max(format.bytesPerTexel, 4)
      guard plane.pitch.isMultiple(of: format.bytesPerTexel) else {
        throw refusal(
          .pitch, "pitchAlignment", wanted: "a multiple of \(format.bytesPerTexel)",
          held: "\(plane.pitch)")
      }
      guard plane.offset.isMultiple(of: unit) else {
        throw refusal(
          .offset, "offsetAlignment", wanted: "a multiple of \(unit)", held: "\(plane.offset)")
      }
      guard connection.copies(into: format, mipmapped: mipmapped) else {
        throw refusal(
          mipmapped ? .mipmaps : .format, "formats",
          wanted: mipmapped ? "one that the device scales" : "one that the device samples",
          held: "\(layout.format)")
      }
    }
  }
}

extension VulkanTexture {
  /// Tells that rows of the buffer were written again. The GPU sees them by itself where the buffer is
  /// imported; where the texture is of its own, it copies them once more, and makes the mipmaps anew.
  ///
  /// - Parameter rows: Of the image; all of them where nil.
  /// - Throws: `RegistrationRefused` where the buffer is spent, or the device is no more.
  public func contentsChanged(rows: Range<Int>? = nil) throws(RegistrationRefused) {
    guard case .transferred(let images) = content else { return }
    try device.enter()
    defer { device.leave() }
    try buffer.requireContents(for: component)
    let all = 0..<buffer.layout.height
    let rows = rows ?? all
    precondition(
      all.contains(rows), "\(buffer.name): rows \(rows) of \(buffer.layout.height)")
    if rows.isEmpty { return }
    try device.copy(rows, of: buffer, into: images, isNew: rows == all)
  }

  /// Whether it has mipmaps, down to one texel.
  public var isMipmapped: Bool { content.isMipmapped }
}
