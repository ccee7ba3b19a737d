internal import CEGL
internal import Synchronization
public import TexAlloc

extension EGLDevice {
  /// Makes a buffer a texture without any copy on the CPU: imports it as an EGLImage, or has the GPU
  /// copy it where it lies in the device's own mapped buffers.
  ///
  /// The first buffer of a kind is checked: what the GPU shows of a trial image of the same kind must
  /// be what was written. What the GPU has copied is spent, unless it was allocated for more than that:
  /// its slot returns to the pool, and the texture stays. The texture samples linearly and clamps to its
  /// edge until told otherwise. It has mipmaps where the buffer was allocated with
  /// `AllocationFlags.mipmapped`.
  ///
  /// Images of luma and chroma are one external texture where the driver makes the right colours of them,
  /// else a texture for each plane: see ``Texture/planes``. Other formats that the device samples only so
  /// are external textures, too: see ``Texture/target``.
  ///
  /// - Throws: `RegistrationRefused` with what the device wanted, and what the buffer is.
  public func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> Texture {
    let (here, mipmapped) = (try silentContextHere(), buffer.wantsMipmaps)
    if let known = try knownTexture(of: buffer, mipmapped: mipmapped, in: here) {
      if known.route == .uploaded, let reason = known.reason { throw uploadedOnly(because: reason) }
      return known
    }
    try tellPendingErrors()
    return try register(buffer, mipmapped: mipmapped, in: here)
  }

  /// Without anything that is known of the buffer.
  private func register(
    _ buffer: TextureBuffer, mipmapped: Bool, in here: ContextGroup.Member
  ) throws(RegistrationRefused) -> Texture {
    let opened: OpenedMemory?
    do { opened = try openedMemory(of: buffer) } catch { throw importFailed(of: buffer, error) }
    if let opened, opened.buffer == nil {
      return try share(buffer, opened, mipmapped: mipmapped, in: here)
    }
    if mappedBuffer(of: buffer) != nil {
      return try transfer(buffer, mipmapped: mipmapped, in: here)
    }
    if buffer.route == .uploaded { throw uploadedOnly(because: obstacle(to: buffer)) }
    if mipmapped { throw noMipmapsOfImports() }
    guard let importer else {
      throw refusal(
        .noImport, "import", wanted: "dma-buf import", held: importObstacle ?? "none")
    }
    try checkSampling(of: buffer.layout)
    try attributes(for: buffer.layout.format, importer).accept(buffer)
    for quirk in quirks { try quirk.accept(buffer) }
    try checkNumbers(of: buffer)
    do { try checkDescriptors(with: buffer) } catch {
      guard letGoOfKeptImages() else { throw error }
      try checkDescriptors(with: buffer)
    }
    let (check, seen) = try verify(buffer)
    return try makeTexture(of: buffer, as: seen, by: importer, check, in: here)
  }

  /// A texture of a buffer by any route: as ``register(_:)``, or else uploaded. It says which, and why
  /// no better one. What was uploaded is spent, as what the GPU copies.
  ///
  /// - Parameter mipmapped: Whether it has mipmaps, which the GPU makes after each copy. An import has none:
  ///   the texture takes the next route then. It has them without being asked for them where the buffer was
  ///   allocated with `AllocationFlags.mipmapped`, and should have been: what lies where it would
  ///   be imported is copied by the CPU.
  /// - Throws: `RegistrationRefused` where not even an upload is possible, or where another route was
  ///   demanded.
  public func texture(
    for buffer: TextureBuffer, mipmapped: Bool = false
  ) throws(RegistrationRefused) -> Texture {
    let (here, mipmapped) = (try silentContextHere(), mipmapped || buffer.wantsMipmaps)
    if let known = try knownTexture(of: buffer, mipmapped: mipmapped, in: here) { return known }
    try tellPendingErrors()
    do {
      return try register(buffer, mipmapped: mipmapped, in: here)
    } catch {
      guard demandedRoute == nil || demandedRoute == .uploaded else { throw error }
      return try copy(
        buffer, on: .uploaded, because: .other(obstacle(to: buffer, after: error)), .copied,
        mipmapped: mipmapped, in: here)
    }
  }

  /// As ``texture(for:mipmapped:)``, for those who know no OpenGL: a glyph cache.
  public func registration(for buffer: TextureBuffer) throws(RegistrationRefused) -> Texture {
    try texture(for: buffer)
  }

  /// As ``makeFence()``, for those who know no OpenGL.
  public func endOfUses() throws(RegistrationRefused) -> any Fence {
    try requireContext()
    do { return try makeFence() } catch {
      throw refusal(.fence, "fence", wanted: "a fence", held: "\(error)")
    }
  }

  /// Why a buffer is copied by the CPU after all.
  func obstacle(to buffer: TextureBuffer, after refusal: RegistrationRefused) -> String {
    let isPlanned = importer == nil && !isOpened(buffer) || buffer.route == .uploaded
    return isPlanned
      ? obstacle(to: buffer)
      : "\(refusal.field): wanted \(refusal.wanted), held \(refusal.held)"
  }

  /// Why a buffer takes no better route than the one that it was allocated for.
  private func obstacle(to buffer: TextureBuffer) -> String {
    if let demandedRoute { return "\(demandedRoute) was demanded" }
    return buffer.plan?.obstacle ?? importObstacle ?? "its memory is \(buffer.heap ?? "unknown")"
  }

  /// Why a texture of a buffer is no better one; nil where there is nothing better.
  func words(for obstacle: Texture.Obstacle, to buffer: TextureBuffer) -> String? {
    switch obstacle {
    case .other(let reason): reason
    case .plan:
      [self.obstacle(to: buffer), (try? madeBuffers.withLock { $0 }?.get())?.remark]
        .compactMap(\.self).joined(separator: "; ")
    }
  }

  private func uploadedOnly(because reason: String) -> RegistrationRefused {
    refusal(
      .noImport, "import", wanted: "a buffer that no CPU copies", held: reason)
  }

  private func share(
    _ buffer: TextureBuffer, _ memory: OpenedMemory, mipmapped: Bool, in here: ContextGroup.Member
  ) throws(RegistrationRefused) -> Texture {
    if let demandedRoute, demandedRoute != .imported {
      throw refusal(
        .heap, "heaps", wanted: "memory that is \(demandedRoute)",
        held: buffer.heap ?? "memory of another API")
    }
    if mipmapped { throw noMipmapsOfImports() }
    try requirePlace(of: buffer, in: memory)
    let check = try verify(buffer).check
    let texture: Texture
    do {
      texture = Texture(
        try memory.makeTexture(of: buffer), of: buffer, on: self, .imported, because: .other(nil),
        check: check)
    } catch {
      throw importFailed(of: buffer, error)
    }
    try enter(texture, in: here)
    return texture
  }

  func importFailed(of buffer: TextureBuffer, _ failure: EGLFailure) -> RegistrationRefused {
    refusal(
      .importFailed, "import",
      wanted: "\(buffer.layout.format) of \(buffer.heap ?? "an unknown heap")",
      held: "\(failure)")
  }

  private func transfer(
    _ buffer: TextureBuffer, mipmapped: Bool, in here: ContextGroup.Member
  ) throws(RegistrationRefused) -> Texture {
    if let demandedRoute, demandedRoute != .transferred {
      throw refusal(
        .heap, "heaps", wanted: "memory that is \(demandedRoute)",
        held: buffer.heap ?? "the device's mapped buffers")
    }
    _ = try uploadFormats(of: buffer.layout, because: obstacle(to: buffer))
    let check = try verify(buffer).check
    return try copy(buffer, on: .transferred, because: .plan, check, mipmapped: mipmapped, in: here)
  }

  /// A texture that can be had of a buffer without OpenGL: one that lives, or of what is kept for its place.
  /// Of those that live, one with mipmaps will do where none are asked for, and one without has them made
  /// where they are.
  private func knownTexture(
    of buffer: TextureBuffer, mipmapped: Bool, in here: ContextGroup.Member
  ) throws(RegistrationRefused) -> Texture? {
    let live = liveTextures(of: buffer)
    if let known = mipmapped ? live.mipmapped : live.plain ?? live.mipmapped {
      return try used(known, in: here)
    }
    if let plain = live.plain, plain.route != .imported { return try plain.mipmapped() }
    try buffer.requireContents(for: name)
    return mipmapped ? nil : try takeKeptTexture(of: buffer, in: here)
  }

  /// The textures that a buffer has: one of each kind at a time.
  func liveTextures(of buffer: TextureBuffer) -> (plain: Texture?, mipmapped: Texture?) {
    state.withLock { state in
      guard let live = state.textures[buffer.id] else { return (nil, nil) }
      return (live[false]?.texture, live[true]?.texture)
    }
  }

  /// The texture, for the context that is current.
  @discardableResult
  func used(
    _ texture: Texture, in here: ContextGroup.Member
  ) throws(RegistrationRefused) -> Texture {
    do { try texture.use(in: here) } catch {
      throw refusal(
        .wrongThread, "context", wanted: "what another context did to be done", held: "\(error)")
    }
    return texture
  }

  /// Has the other contexts see what the one that is current did to a texture.
  func handOver(
    _ texture: Texture, in here: ContextGroup.Member
  ) throws(RegistrationRefused) {
    do { try texture.wasMade(in: here) } catch {
      throw refusal(
        .copyFailed, "fence", wanted: "one for the other contexts", held: "\(error)")
    }
  }

  /// Enters a new texture in the table.
  func enter(
    _ texture: Texture, in here: ContextGroup.Member
  ) throws(RegistrationRefused) {
    try handOver(texture, in: here)
    state.withLock {
      $0.textures[texture.buffer.id, default: LiveTextures()][texture.isMipmapped] =
        WeakTexture(texture)
      $0.statistics.textures[texture.route] += 1
    }
  }

  func refusal(
    _ cause: RegistrationRefused.Cause, _ field: String, wanted: String, held: String
  ) -> RegistrationRefused {
    RegistrationRefused(cause, by: name, field: field, wanted: wanted, held: held)
  }

  /// The device's attributes, which speak of linear images of one plane, and of a format that it says it
  /// takes besides: of several planes, or of another arrangement.
  private func attributes(
    for format: Format, _ importer: DMABufImport
  ) throws(RegistrationRefused) -> BufferAttributes {
    guard attributes.formats?.contains(format) != true,
      importer.advertised(format) != nil
    else { return attributes }
    guard !importer.forms(of: format, []).isEmpty else {
      throw refusal(
        .externalOnly, "formats", wanted: "one that GL_TEXTURE_2D samples",
        held: "\(format), which GL_TEXTURE_EXTERNAL_OES does alone")
    }
    var attributes = attributes
    attributes.formats = [format]
    return attributes
  }

  /// Sees to it that a shader gets of an import what was asked for.
  func checkSampling(of layout: ImageLayout) throws(RegistrationRefused) {
    guard let objection = importer?.objection(toSampling: layout) else { return }
    throw refusal(
      .sampling, "sampling", wanted: "\(Sampling.asStored) of an import of \(layout.format)",
      held: "\(layout.sampling); \(objection)")
  }

  private func makeTexture(
    of buffer: TextureBuffer, as seen: SeenForm, by importer: DMABufImport,
    _ check: Texture.PixelCheck, in here: ContextGroup.Member
  ) throws(RegistrationRefused) -> Texture {
    let count = seen.form == .planes ? buffer.layout.planes.count : 1
    try reserveImages(count)
    let texture: Texture
    do {
      let objects = try importer.makeTextures(
        of: buffer, as: seen.form, because: seen.reason, on: connection)
      texture = Texture(
        objects, of: buffer, on: self, .imported, because: .other(seen.reason), check: check)
    } catch {
      state.withLock { $0.liveImages -= count }
      throw importFailed(of: buffer, error)
    }
    try enter(texture, in: here)
    return texture
  }
}
