public import TexAlloc

/// A file that became a texture.
public struct LoadedTexture<Handle: Registration>: Sendable {
  /// The device's own: of OpenGL, a `Texture`.
  public let texture: Handle
  /// What the file says of itself; foremost how it is to be shown.
  public let header: ImageHeader
  /// What was wrong with the file, where that was tolerated.
  public let report: DecodingReport
  public let times: AssetTimes
  let request: AssetRequest

  /// Who finished its decoding, and why not the GPU.
  public var finisher: FinisherChoice? { texture.buffer.finisher }
}
