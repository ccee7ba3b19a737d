internal import CEGL
internal import Synchronization
public import TexAlloc

/// Where the GPU finishes what an entropy decoder began: in contexts of OpenGL ES 3.1 or OpenGL 4.3, with
/// mapped buffers. The calls leave OpenGL's state as it was, but for a program that was deleted while in
/// use, which goes.
extension EGLDevice {
  /// What a frame may be kept waiting for by pictures.
  private static let mostWaiting = Duration.milliseconds(2)
  private static let mostKeptSamples = 32 << 20

  /// Who is to finish the decoding of a picture: asked before it is decoded, on any thread.
  ///
  /// The GPU is trusted with pictures of a format only after it has made of a small known one exactly what
  /// the CPU makes of it; the first question about a format takes some milliseconds for that, and those that
  /// other threads ask meanwhile wait for its answer. Unless it is demanded it is not chosen on a software
  /// device, nor where it would not pay by what was measured then, nor while it has not done what it was given
  /// before.
  ///
  /// - Parameters:
  ///   - picture: What is to be made of it; where nil, what its header wants most.
  ///   - demanded: nil to choose. The GPU is not had for the asking where it cannot, or errs.
  public func finisher(
    of image: any CoefficientImage, as picture: Fourcc? = nil, demanded: Finisher? = nil
  ) -> FinisherChoice {
    if demanded == .cpu { return .cpu(because: "that was demanded") }
    guard let format = image.coefficientFormat else {
      return .cpu(because: "its coding, its colours or the size that is wanted are not usual")
    }
    let kind = FinishingKind(
      coefficients: format, picture: picture ?? format.pictureFormat(for: image.header))
    guard format.pictureFormats.contains(kind.picture),
      image.header.formats.contains(kind.picture)
    else { return .cpu(because: "\(kind.picture) is not what a GPU makes of it") }
    if let demandedRoute, demandedRoute != .transferred {
      return .cpu(because: "\(demandedRoute) was demanded")
    }
    if demanded == nil, description.isSoftware {
      return .cpu(because: "the device is software: the CPU would do it")
    }
    let size = image.header.descriptor.size
    do throws(FinishingRefused) {
      let costs = try finishingCosts(of: kind, image)
      let stored = image.coefficientSize
      try checkSize(size, of: stored, kind)
      guard demanded == nil else { return .gpu }
      // Of a region both read all that is above, and the CPU does not read it faster.
      if let objection = costs?.objection(to: size.width * size.height) {
        return .cpu(because: objection)
      }
      let waiting = timeOfWaitingPictures()
      guard waiting <= Self.mostWaiting else {
        return .cpu(because: "the GPU is behind by \(waiting / .microseconds(1)) µs of pictures")
      }
      return .gpu
    } catch {
      return .cpu(because: error.reason)
    }
  }

  /// Begins to make a texture of a picture's coefficients, which it then does step by step: of colours, or of
  /// planes, as the stream says.
  ///
  /// - Parameters:
  ///   - stream: In memory of a pool that was made for the device, which is spent at the end.
  ///   - mipmapped: Whether the texture has mipmaps.
  /// - Throws: `RegistrationRefused` where ``finisher(of:as:demanded:)`` was not asked about such a picture,
  ///   or did not choose the GPU for want of trust.
  public func finishing(
    _ stream: CoefficientStream, mipmapped: Bool = false
  ) throws(RegistrationRefused) -> CoefficientFinishing {
    let here = try contextHere()
    for memory in stream.memory { try memory.requireContents(for: name) }
    if let fault = stream.fault {
      throw refusal(.size, "coefficients", wanted: "a whole picture", held: fault)
    }
    let kind = FinishingKind(coefficients: stream.format, picture: stream.pictureFormat)
    let costs: FinishingCosts?
    switch finishings.withLock({ $0.verdicts[kind] }) {
    case .success(let known): costs = known
    case .failure(let refused): throw refused.refusal(of: kind, by: self)
    case nil: throw FinishingRefused(reason: "it was not checked").refusal(of: kind, by: self)
    }
    do throws(FinishingRefused) {
      try checkSize(stream.header.descriptor.size, of: stream.storedSize, kind)
    } catch {
      throw refusal(.size, "coefficients", wanted: "a picture that it can make", held: error.reason)
    }
    do {
      let programs = try finishingPrograms(of: here.serial)
      guard
        let planes = CoefficientPlanes(
          of: stream.format, stream.storedSize, as: stream.pictureFormat)
      else { throw EGLFailure.unsupported("coefficients", "\(kind)") }
      let samples = try takeSamples(of: planes.size, in: here)
      let picture = stream.makeSpentBuffer()
      let formats = try uploadFormats(of: picture.layout, because: "")
      let objects =
        try takeKeptTextures(of: picture.layout, mipmapped: mipmapped, in: here)
        ?? makeOwnTextures(picture.layout, formats, mipmapped: mipmapped)
      let texture = Texture(
        objects, of: picture, on: self, .transferred, because: .other(nil), check: .trial,
        mipmapped: mipmapped, formats)
      let time = costs?.time(of: picture.layout.width * picture.layout.height)
      let work = try CoefficientWork(
        stream, planes, by: programs, through: samples,
        to: .init(objects, formats, of: stream),
        parts: time.map { Int($0 / .microseconds(500)) } ?? 1, mapped: mappedBuffer(of:))
      return CoefficientFinishing(
        stream, to: texture, through: samples, work, in: here.serial,
        timeOfPart: time.map { $0 / max(1, work.partCount) })
    } catch let refused as RegistrationRefused {
      throw refused
    } catch {
      throw refusal(.copyFailed, "coefficients", wanted: "\(stream.format)", held: "\(error)")
    }
  }

  /// A texture of a picture's coefficients, all at once: see ``finishing(_:mipmapped:)``.
  public func texture(
    finishing stream: CoefficientStream, mipmapped: Bool = false
  ) throws(RegistrationRefused) -> Texture {
    let finishing = try finishing(stream, mipmapped: mipmapped)
    while true {
      if let texture = try finishing.step(for: nil) { return texture }
    }
  }

  /// Keeps what the next picture can use, and counts this one.
  func finished(
    _ stream: CoefficientStream, through samples: SampleBuffer, until end: any Fence,
    in here: ContextGroup.Member
  ) {
    countCopy(of: stream.size, on: .transferred)
    let size = stream.header.descriptor.size
    finishings.withLock { known in
      if samples.size <= Self.mostKeptSamples { known.samples = (samples, here.serial) }
      let kind = FinishingKind(coefficients: stream.format, picture: stream.pictureFormat)
      guard case .success(let costs?) = known.verdicts[kind] else { return }
      known.lastWaiting += 1
      known.waiting.append(
        WaitingPicture(
          number: known.lastWaiting, end: end, time: costs.time(of: size.width * size.height)))
    }
  }

  private func takeSamples(
    of size: Int, in here: ContextGroup.Member
  ) throws(EGLFailure) -> SampleBuffer {
    let kept = finishings.withLock { known in
      defer { known.samples = nil }
      return known.samples
    }
    if let kept, kept.context == here.serial, kept.buffer.size >= size { return kept.buffer }
    return try SampleBuffer(of: size, deletedBy: maker)
  }

  private func timeOfWaitingPictures() -> Duration {
    // Fences are not asked under the lock.
    let waiting = finishings.withLock { $0.waiting }
    let done = Set(waiting.filter(\.end.hasPassed).map(\.number))
    let left = finishings.withLock { known in
      known.waiting.removeAll { done.contains($0.number) }
      return known.waiting
    }
    return left.reduce(.zero) { $0 + $1.time }
  }

  private func checkSize(
    _ size: ImageSize, of stored: ImageSize, _ kind: FinishingKind
  ) throws(FinishingRefused) {
    guard max(size.width, size.height) <= description.maxTextureSize else {
      throw FinishingRefused(
        reason: "textures have at most \(description.maxTextureSize) pixels a side")
    }
    guard let planes = CoefficientPlanes(of: kind.coefficients, stored, as: kind.picture)
    else {
      throw FinishingRefused(reason: "sampling factors that do not divide each other")
    }
    let most = finishings.withLock { $0.mostSamples }
    guard planes.size <= most else {
      throw FinishingRefused(reason: "\(planes.size) bytes of samples; shaders see \(most)")
    }
  }
}

extension FinishingRefused {
  fileprivate func refusal(
    of kind: FinishingKind, by device: EGLDevice
  ) -> RegistrationRefused {
    device.refusal(
      .pixels, "coefficients", wanted: "\(kind), with which it is trusted", held: reason)
  }
}
