internal import TexAlloc

/// What the loader asks of a device. All of it is called on the thread that polls or waits.
struct AssetDevice: Sendable {
  /// Whether anything can be registered here and now.
  let requireReady: @Sendable () throws(RegistrationRefused) -> Void
  let register: @Sendable (TextureBuffer) throws(RegistrationRefused) -> any Registration
  /// Frees what nobody holds any more; answers the names that are gone.
  let collect: @Sendable () -> [UInt32]

  /// One that is told only what every registrar is told.
  static func registrar(_ registrar: some Registrar) -> AssetDevice {
    AssetDevice(
      requireReady: { () throws(RegistrationRefused) in },
      register: { buffer throws(RegistrationRefused) in try registrar.register(buffer) },
      collect: { [] })
  }
}

/// An image that was decoded.
struct DecodedImage: Sendable {
  let buffer: TextureBuffer
  let header: ImageHeader
  let report: DecodingReport

  /// Whether its memory is nothing of the device's own, and still the image's.
  var isForAnyDevice: Bool { buffer.route == .imported && !buffer.isSpent }
}
