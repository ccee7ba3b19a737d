internal import CEGL
internal import Synchronization
internal import TexAlloc

extension EGLDevice {
  private static let trialSize = ImageSize(width: 61, height: 45)
  /// Of the picture by which costs are measured.
  private static let timedSize = ImageSize(width: 512, height: 512)

  /// What finishing costs with pictures of a format, once the GPU has made of a small one what the CPU
  /// makes of it; nil where that was not measured, on a software device.
  func finishingCosts(
    of format: CoefficientFormat, _ image: any CoefficientImage
  ) throws(FinishingRefused) -> FinishingCosts? {
    if let known = finishings.withLock({ $0.verdicts[format] }) { return try known.get() }
    let verdict = Result { () throws(FinishingRefused) in
      try checkFinishing(of: image)
      return description.isSoftware ? nil : try measureFinishing(of: image)
    }
    finishings.withLock { $0.verdicts[format] = verdict }
    return try verdict.get()
  }

  /// Compiled when first asked for, on the device's own thread.
  func finishingPrograms() throws(EGLFailure) -> FinishingPrograms {
    if let known = finishings.withLock({ $0.programs }) { return try known.get() }
    let made = Result { () throws(EGLFailure) in
      let least =
        traits.version.api == .openGLES
        ? GLVersion(.openGLES, 3, 1) : GLVersion(.openGL, 4, 3)
      guard traits.version >= least else {
        throw EGLFailure.unsupported("compute shaders", "the context is of \(traits.version)")
      }
      return try maker.run { () throws(EGLFailure) in
        let most = glInteger(GL_MAX_SHADER_STORAGE_BLOCK_SIZE)
        finishings.withLock { $0.mostSamples = Int(most) }
        return try FinishingPrograms()
      }
    }
    finishings.withLock { $0.programs = made }
    return try made.get()
  }

  private func checkFinishing(of image: any CoefficientImage) throws(FinishingRefused) {
    do {
      let sample = try image.coefficientSample(Self.trialSize, in: trialMemory())
      let shown = try finishAlone(sample.stream, times: 1).pixels
      let steps = zip(shown, sample.pixels).map { abs(Int($0) - Int($1)) }
      let wrong = steps.count { $0 > 0 }
      guard wrong == 0, shown.count == sample.pixels.count else {
        throw FinishingRefused(
          reason: "the GPU errs: \(wrong) of \(steps.count) bytes of a known picture are off,"
            + " by up to \(steps.max() ?? 0)")
      }
    } catch let refused as FinishingRefused {
      throw refused
    } catch {
      throw FinishingRefused(reason: "\(error)")
    }
  }

  private func measureFinishing(
    of image: any CoefficientImage
  ) throws(FinishingRefused) -> FinishingCosts {
    do {
      let sample = try image.coefficientSample(Self.timedSize, in: trialMemory())
      let times = try finishAlone(sample.stream, times: 4)
      let pixels = Double(Self.timedSize.width * Self.timedSize.height)
      return FinishingCosts(
        calls: times.calls, gpuPerPixel: (times.all / .nanoseconds(1)) / pixels,
        savedPerPixel: ((sample.decoding - sample.streaming) / .nanoseconds(1)) / pixels)
    } catch {
      throw FinishingRefused(reason: "\(error)")
    }
  }

  private func trialMemory() throws(EGLFailure) -> CoefficientMemory {
    CoefficientMemory(trying: try mappedBuffers().written)
  }

  /// Makes a texture of a stream on the device's own thread and looks at it: what it shows, and the
  /// shortest times that the calls took, and that went by until the GPU was done.
  private func finishAlone(
    _ stream: CoefficientStream, times: Int
  ) throws(EGLFailure) -> (pixels: [UInt8], calls: Duration, all: Duration) {
    let programs = try finishingPrograms()
    let size = stream.header.descriptor.size
    guard let planes = CoefficientPlanes(of: stream.format, stream.storedSize),
      let format = UploadFormat.planes(Fourcc.abgr8888.planes ?? [])?.first
    else { throw .unsupported("coefficients", "\(stream.format)") }
    return try maker.run { () throws(EGLFailure) in
      let texture = try makeSampledTexture { () throws(EGLFailure) in
        drainGLErrors()
        format.defineStorage(width: size.width, height: size.height, levels: 1)
        try checkGL("glTexStorage2D")
      }
      defer { unsafe glDeleteTextures(1, [texture]) }
      let samples = try SampleBuffer(of: planes.size, deletedBy: maker)
      var (calls, all): (Duration, Duration) = (.seconds(1), .seconds(1))
      for _ in 0..<times {
        var work = try CoefficientWork(
          stream, planes, by: programs, through: samples, to: .colours(texture), parts: 1,
          mapped: mappedBuffer(of:))
        glFinish()
        let start = ContinuousClock.now
        try work.dispatch(work.partCount)
        glFlush()
        calls = min(calls, .now - start)
        glFinish()
        all = min(all, .now - start)
      }
      let pixels = try maker.texelFetch().texels(
        ofRows: Array(0..<size.height), of: size, in: texture)
      return (pixels, calls, all)
    }
  }
}
