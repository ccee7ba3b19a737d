internal import TexAlloc

/// What the loader asks of a device: all of it on the thread that polls or waits, unless it says otherwise.
struct AssetDevice: Sendable {
  /// Has the device make the next part of a picture's pixels.
  ///
  /// - Parameter time: What the device may have to do for it; afterwards less what it has.
  /// - Returns: The registration when nothing is left to be made.
  typealias FinishingStep =
    @Sendable (_ time: inout Duration?) throws(RegistrationRefused) -> (any Registration)?

  /// Whether anything can be registered here and now.
  let requireReady: @Sendable () throws(RegistrationRefused) -> Void
  let register: @Sendable (TextureBuffer) throws(RegistrationRefused) -> any Registration
  /// Who is to finish the decoding of a picture, and make something of it. Any thread may ask.
  let finisher:
    @Sendable (any CoefficientImage, _ format: Fourcc?, _ demanded: Finisher?) -> FinisherChoice
  /// Begins to make pixels of a picture's coefficients.
  let finish:
    @Sendable (CoefficientStream, _ mipmapped: Bool) throws(RegistrationRefused) -> FinishingStep
  /// Frees what nobody holds any more; answers the names that are gone.
  let collect: @Sendable () -> [UInt32]

  /// One that is told only what every registrar is told.
  static func registrar(_ registrar: some Registrar) -> AssetDevice {
    let name = registrar.attributes.name
    return AssetDevice(
      requireReady: { () throws(RegistrationRefused) in },
      register: { buffer throws(RegistrationRefused) in try registrar.register(buffer) },
      finisher: { _, _, _ in .cpu(because: "\(name) finishes no pictures") },
      finish: { stream, _ throws(RegistrationRefused) in
        throw RegistrationRefused(
          .pixels, by: name, field: "coefficients", wanted: "pixels", held: "\(stream.format)")
      },
      collect: { [] })
  }
}

/// An image that was decoded, as far as the device wants it.
struct DecodedImage: Sendable {
  enum Contents: Sendable {
    case pixels(TextureBuffer)
    case coefficients(CoefficientStream)
  }

  let contents: Contents
  let header: ImageHeader
  let report: DecodingReport

  /// Bytes of its memory.
  var size: Int {
    switch contents {
    case .pixels(let buffer): buffer.layout.size
    case .coefficients(let stream): stream.size
    }
  }

  /// Whether its memory is nothing of the device's own, and still the image's.
  var isForAnyDevice: Bool {
    switch contents {
    case .pixels(let buffer): buffer.route == .imported && !buffer.isSpent
    case .coefficients: false
    }
  }
}
