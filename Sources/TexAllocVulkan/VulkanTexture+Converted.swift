public import CVulkan
internal import Synchronization
public import TexAlloc

extension VulkanTexture {
  /// An image of luma and chroma as one, of which a sampler makes red, green and blue.
  @safe public struct Converted: @unchecked Sendable {  // handles, which never change
    public let image: VkImage
    /// With the conversion.
    public let view: VkImageView
    /// The only one that the view may be bound with, as an immutable sampler of the layout of the set. It
    /// filters linearly where the device does, and lives until ``VulkanDevice/close()`` has succeeded, or as
    /// long as a texture that it converts: layouts of sets that have it are to go before.
    public let sampler: VkSampler
    public let format: VkFormat
    /// Pixels.
    public let size: ImageSize
    /// How many descriptors the view takes of a pool.
    public let descriptorCount: Int
  }

  /// All planes as one image, which the device's own conversion makes red, green and blue of, by the matrix,
  /// range and siting of the buffer's colour. It lives as long as the texture, in the same ``layout``, and its
  /// barriers come with the next ``takeBarriers()``, or ``VulkanDevice/collect()``. ``planes`` stay what they
  /// are.
  ///
  /// The buffer is of a pool that was made for ``VulkanDevice/conversion``, too: some drivers refuse others.
  /// Where pixels share chroma, the size of the image is a multiple of how many do. For the first image of a
  /// kind, what the device shows of flat patches is compared with what was written.
  ///
  /// - Throws: `RegistrationRefused` where the device has no such conversion, wants another size or other pitches,
  ///   or converts wrongly: ``planes`` are to be put together in a shader then.
  public func converted() throws(RegistrationRefused) -> Converted {
    if let known = whole.withLock({ $0 }) { return known.shown }
    let made = try device.makeConverted(of: self)
    let kept = whole.withLock { known in
      // Another thread may have been faster.
      if let first = known { return first }
      known = made
      return made
    }
    device.state.withLock { $0.fresh.append(vulkanTextureKey(buffer, mipmapped: isMipmapped)) }
    return kept.shown
  }

  /// What a shader sees of the converted image: as ``texels(ofPlane:)``.
  package func convertedTexels() throws -> [UInt8] {
    _ = try converted()
    guard let image = whole.withLock({ $0 }) else { return [] }
    let fetch = try TexelFetch(
      on: device.work, in: device.ledger, converting: image.conversion)
    return try unsafe fetch.texels(
      ofRows: stride(from: 0, to: image.size.height, by: 1), of: image.size, in: image.view,
      of: image)
  }
}

extension ConvertedImage {
  fileprivate var shown: VulkanTexture.Converted {
    unsafe VulkanTexture.Converted(
      image: image, view: view, sampler: conversion.sampler, format: conversion.conversion.vulkan,
      size: size, descriptorCount: conversion.descriptorCount)
  }
}

extension VulkanDevice {
  fileprivate func makeConverted(
    of texture: VulkanTexture
  ) throws(RegistrationRefused) -> ConvertedImage {
    try enter()
    defer { leave() }
    let buffer = texture.buffer
    guard texture.route == .imported else {
      throw refusal(
        .heap, "route", wanted: "an image that is sampled where it lies", held: "\(texture.route)")
    }
    let conversion = try conversion(for: buffer.layout)
    // What is wrong with this image alone is found out before a trial tells of all that lie like it.
    let image = try makeConverted(of: buffer, by: conversion, bound: nil)
    if try state.withLock({ $0.conversionVerdicts[image.binding] })?.known(buffer) == nil {
      try checkConversion(of: buffer, by: conversion, bound: image.binding)
    }
    return image
  }

  private func conversion(
    for layout: ImageLayout
  ) throws(RegistrationRefused) -> SamplerConversion {
    guard let wanted = Conversion(layout) else {
      throw refusal(
        .format, "formats", wanted: "luma and chroma that Vulkan has as one image",
        held: "\(layout.format)")
    }
    do throws(VulkanFailure) {
      return try conversions.withLock { known throws(VulkanFailure) in
        if let known = known[wanted] { return known }
        let made = try SamplerConversion(wanted, on: connection)
        known[wanted] = made
        return made
      }
    } catch {
      throw refusal(
        cause(of: error, or: .format), error.operation, wanted: "\(layout.format) as one image",
        held: "\(error)")
    }
  }

  /// - Parameter binding: How it is bound; the best that can be had where nil.
  private func makeConverted(
    of buffer: TextureBuffer, by conversion: SamplerConversion, bound binding: ConvertedBinding?
  ) throws(RegistrationRefused) -> ConvertedImage {
    var places: [(memory: DeviceMemory, offset: Int)] = []
    for (plane, format) in try planeFormats(of: buffer.layout).enumerated() {
      guard let rule = images.rule(for: format) else { continue }
      let place = buffer.place(ofPlane: plane)
      if let last = places.last, let descriptor = place.descriptor, buffer.slab == nil,
        descriptor == buffer.place(ofPlane: plane - 1).descriptor
      {
        places.append((last.memory, place.offset))
      } else {
        let (memory, offset) = try memory(ofPlane: plane, of: buffer, for: rule.memory)
        places.append((memory, offset))
      }
    }
    guard places.count == buffer.layout.planes.count else {
      throw refusal(
        .format, "formats", wanted: "planes that are sampled linear",
        held: "\(buffer.layout.format)")
    }
    do throws(LinearImageRefused) {
      return try ConvertedImage(
        buffer.layout, at: places, converting: conversion, bound: binding)
    } catch { throw refusal(error, for: buffer) }
  }

  /// Looks at a trial image that lies like the buffer and is bound like it, though its planes lie in one memory,
  /// and keeps the verdict.
  private func checkConversion(
    of buffer: TextureBuffer, by conversion: SamplerConversion, bound binding: ConvertedBinding
  ) throws(RegistrationRefused) {
    func keep(_ outcome: Result<Bool, RegistrationRefused>) {
      state.withLock {
        $0.conversionVerdicts[binding, default: PixelVerdicts()].keep(outcome, for: buffer)
      }
    }
    let made: TextureBuffer?
    do { made = try buffer.makeTrial() } catch {
      throw refusal(.trial, "pixels", wanted: "memory for a trial image", held: "\(error)")
    }
    guard let trial = made, let patches = FlatPatches(trial.layout) else {
      throw refusal(
        .format, "pixels", wanted: "an image of which a trial can be had", held: buffer.name)
    }
    do throws(RegistrationRefused) {
      try compare(trial, with: patches, by: conversion, bound: binding)
      keep(.success(true))
    } catch {
      // All else may be otherwise with another width, or in another slab.
      if error.cause == .pixels { keep(.failure(error)) }
      throw error
    }
  }

  private func compare(
    _ trial: TextureBuffer, with patches: FlatPatches, by conversion: SamplerConversion,
    bound binding: ConvertedBinding
  ) throws(RegistrationRefused) {
    let image = try makeConverted(of: trial, by: conversion, bound: binding)
    let fetch: TexelFetch
    do throws(VulkanFailure) {
      fetch = try TexelFetch(on: work, in: ledger, converting: conversion)
    } catch {
      throw refusal(
        cause(of: error, or: .trial), "pixels", wanted: "a look at them", held: "\(error)")
    }
    let rows = stride(from: 0, to: image.size.height, by: max(image.size.height - 1, 1))
    for turn in 0..<2 {
      patches.store(into: trial, turn)
      let texels: [UInt8]
      do throws(VulkanFailure) {
        texels = try unsafe fetch.texels(ofRows: rows, of: image.size, in: image.view, of: image)
      } catch {
        // The queue may use it still.
        if let fence = try? work.fence() { hold((image, trial), until: fence) }
        throw refusal(
          cause(of: error, or: .importFailed), "import",
          wanted: "\(trial.layout.format) as one image", held: "\(error)")
      }
      for (index, row) in rows.enumerated() {
        let rowSize = image.size.width * 4
        try compare(
          texels[index * rowSize..<(index + 1) * rowSize], with: patches.colours(ofRow: row, turn),
          within: FlatPatches.tolerance,
          "\(row) of \(trial.layout.format), converted" + (turn > 0 ? ", written again" : ""))
      }
    }
  }
}
