internal import CEGL
internal import Synchronization
internal import TexAlloc

extension EGLDevice {
  /// Two: there are drivers that go on with the uniforms of the picture before (Mesa 25's zink, where it
  /// compiles a shader anew for those that it branches on).
  private static let trialSizes = [
    ImageSize(width: 61, height: 45), ImageSize(width: 23, height: 70),
  ]
  /// Of the picture by which costs are measured.
  private static let timedSize = ImageSize(width: 512, height: 512)

  /// What finishing costs with pictures of a kind, once the GPU has made of a small one what the CPU
  /// makes of it; nil where that was not measured, on a software device. Of the threads that ask about the
  /// first picture at once, one finds out.
  func finishingCosts(
    of kind: FinishingKind, _ image: any CoefficientImage
  ) throws(FinishingRefused) -> FinishingCosts? {
    func known() -> Result<FinishingCosts?, FinishingRefused>? {
      finishings.withLock { $0.verdicts[kind] }
    }
    if let known = known() { return try known.get() }
    return try finishingTrial.withLock { _ throws(FinishingRefused) in
      if let known = known() { return try known.get() }
      if isClosed { throw FinishingRefused(reason: "the device is closed", mayPass: true) }
      return try findFinishingCosts(of: kind, image)
    }
  }

  private func findFinishingCosts(
    of kind: FinishingKind, _ image: any CoefficientImage
  ) throws(FinishingRefused) -> FinishingCosts? {
    let verdict = Result { () throws(FinishingRefused) in
      try checkFinishing(of: image, as: kind.picture)
      return description.isSoftware ? nil : try measureFinishing(of: image, as: kind.picture)
    }
    if case .failure(let refused) = verdict, refused.mayPass { throw refused }
    finishings.withLock { $0.verdicts[kind] = verdict }
    return try verdict.get()
  }

  /// Those of one context, whose uniforms nobody else sets: a program that several contexts share has one set
  /// of them. Compiled when first asked for, on the device's own thread.
  ///
  /// - Parameter context: By its serial; nil for the device's own.
  func finishingPrograms(of context: UInt64?) throws(EGLFailure) -> FinishingPrograms {
    let known = finishings.withLock { known in
      if context != nil, known.programs[context] == nil {
        known.programs[context] = known.nextPrograms.take()
      }
      return known.programs[context]
    }
    if let known { return known }
    let made = try makeFinishingPrograms()
    finishings.withLock { $0.programs[context] = made }
    return made
  }

  /// Compiles those of the first context that renders, for it not to wait.
  private func prepareFinishingPrograms() throws(EGLFailure) {
    let isDone = finishings.withLock { known in
      known.nextPrograms != nil || known.programs.keys.contains { $0 != nil }
    }
    if isDone { return }
    let made = try makeFinishingPrograms()
    finishings.withLock { $0.nextPrograms = made }
  }

  private func makeFinishingPrograms() throws(EGLFailure) -> FinishingPrograms {
    let least =
      traits.version.api == .openGLES ? GLVersion(.openGLES, 3, 1) : GLVersion(.openGL, 4, 3)
    guard traits.version >= least else {
      throw EGLFailure.unsupported("compute shaders", "the context is of \(traits.version)")
    }
    return try maker.run { () throws(EGLFailure) in
      let most = glInteger(GL_MAX_SHADER_STORAGE_BLOCK_SIZE)
      finishings.withLock { $0.mostSamples = Int(most) }
      return try FinishingPrograms()
    }
  }

  private func checkFinishing(
    of image: any CoefficientImage, as picture: Fourcc
  ) throws(FinishingRefused) {
    do {
      for size in Self.trialSizes {
        let sample = try image.coefficientSample(size, as: picture, in: trialMemory())
        let shown = try finishAlone(sample.stream, times: 1, looking: true).planes
        let steps = zip(shown.joined(), sample.planes.joined()).map { abs(Int($0) - Int($1)) }
        let wrong = steps.count { $0 > 0 }
        guard wrong == 0, shown.map(\.count) == sample.planes.map(\.count) else {
          throw FinishingRefused(
            reason: "the GPU errs: \(wrong) of \(steps.count) bytes of a known picture are off,"
              + " by up to \(steps.max() ?? 0)")
        }
      }
    } catch {
      throw FinishingRefused(error)
    }
  }

  private func measureFinishing(
    of image: any CoefficientImage, as picture: Fourcc
  ) throws(FinishingRefused) -> FinishingCosts {
    do {
      let sample = try image.coefficientSample(Self.timedSize, as: picture, in: trialMemory())
      let times = try finishAlone(sample.stream, times: 4, looking: false)
      try prepareFinishingPrograms()
      let pixels = Double(Self.timedSize.width * Self.timedSize.height)
      return FinishingCosts(
        calls: times.calls, gpuPerPixel: (times.all / .nanoseconds(1)) / pixels,
        savedPerPixel: ((sample.decoding - sample.streaming) / .nanoseconds(1)) / pixels)
    } catch {
      throw FinishingRefused(error)
    }
  }

  private func trialMemory() throws(EGLFailure) -> CoefficientMemory {
    CoefficientMemory(trying: try mappedBuffers().written)
  }

  /// Makes textures of a stream on the device's own thread: the bytes that each plane shows, where somebody
  /// looks, and the shortest times that the calls took, and that went by until the GPU was done.
  private func finishAlone(
    _ stream: CoefficientStream, times: Int, looking looks: Bool
  ) throws(EGLFailure) -> (planes: [[UInt8]], calls: Duration, all: Duration) {
    let programs = try finishingPrograms(of: nil)
    let layout = stream.makeSpentBuffer().layout
    guard
      let planes = CoefficientPlanes(of: stream.format, stream.storedSize, as: stream.pictureFormat)
    else { throw .unsupported("coefficients", "\(stream.format)") }
    return try maker.run { () throws(EGLFailure) in
      guard let formats = UploadFormat.planes(of: layout) else {
        throw .unsupported("coefficients", "\(stream.pictureFormat)")
      }
      let objects = try makeOwnTextures(layout, formats, mipmapped: false)
      defer { unsafe glDeleteTextures(GLsizei(objects.parts.count), objects.names) }
      let samples = try SampleBuffer(of: planes.size, deletedBy: maker)
      var (calls, all): (Duration, Duration) = (.seconds(1), .seconds(1))
      for _ in 0..<times {
        var work = try CoefficientWork(
          stream, planes, by: programs, through: samples, to: .init(objects, formats, of: stream),
          parts: 1, mapped: mappedBuffer(of:))
        glFinish()
        let start = ContinuousClock.now
        try work.dispatch(work.partCount)
        glFlush()
        calls = min(calls, .now - start)
        glFinish()
        all = min(all, .now - start)
      }
      guard looks else { return ([], calls, all) }
      let shown = try objects.parts.enumerated().map { plane, texture throws(EGLFailure) in
        let size = layout.size(of: plane, as: objects.form)
        let texels = try maker.texelFetch().texels(
          ofRows: Array(0..<size.height), of: size, in: texture.name)
        // The others of the four numbers are no bytes of the plane's.
        return texels.indices.filter { $0 % 4 < formats[plane].bytesPerPixel }.map { texels[$0] }
      }
      return (shown, calls, all)
    }
  }
}

extension FinishingRefused {
  /// What went wrong while a device was checked: only what it shows and what it cannot do is for good.
  fileprivate init(_ error: any Error) {
    switch error {
    case let refused as FinishingRefused: self = refused
    case let failure as EGLFailure: self.init(reason: "\(failure)", mayPass: !failure.isUnsupported)
    case CoefficientsRefused.odd(let what): self.init(reason: what)
    default: self.init(reason: "\(error)", mayPass: true)
    }
  }
}
