public import TexAlloc
public import TexAllocEGL
public import TexAllocJPEG
public import TexAllocPNG

extension Assets where Handle == Texture {
  /// A loader for a GPU of OpenGL, whose textures come by any route: they say by which, and why no better
  /// one.
  ///
  /// - Parameters:
  ///   - pool: Made for the GPU and the decoders.
  ///   - decoders: Kinds of files; of those that recognise one, the first has it.
  ///   - workers: Threads that decode; of its own where nil, one less than there are processors for the
  ///     process.
  ///   - finisher: Who finishes the decoding of photographs whose requests do not say: see
  ///     ``AssetRequest/finisher``.
  /// - Throws: `SystemFailure` where the process may have no more threads or descriptors.
  public convenience init(
    gpu: EGLDevice, pool: TexturePool,
    decoders: [any ImageDecoder] = [JPEGDecoder.component, PNGDecoder.component],
    limits: AssetLimits = AssetLimits(), on workers: WorkerThreads? = nil,
    finishedBy finisher: Finisher? = nil
  ) throws(SystemFailure) {
    self.init(
      try AssetEngine(
        .gpu(gpu), pool, decoders, limits, on: workers, finishedBy: finisher, from: .system()))
  }

  /// Goes on with another device after the last one was lost; as ``goOn(with:pool:)``.
  public func goOn(with gpu: EGLDevice, pool: TexturePool) { engine.goOn(with: .gpu(gpu), pool) }
}

extension AssetDevice {
  static func gpu(_ gpu: EGLDevice) -> AssetDevice {
    AssetDevice(
      requireReady: { () throws(RegistrationRefused) in try gpu.requireContext() },
      register: { buffer throws(RegistrationRefused) in try gpu.texture(for: buffer) },
      finisher: { gpu.finisher(of: $0, as: $1, demanded: $2) },
      finish: { stream, isMipmapped throws(RegistrationRefused) in
        let finishing = try gpu.finishing(stream, mipmapped: isMipmapped)
        return { time throws(RegistrationRefused) in try finishing.step(within: &time) }
      },
      // What cannot be collected now is collected the next time.
      collect: { (try? gpu.collect()) ?? [] })
  }
}
