/// One texture of a device, for reports: which buffer it shows, and how.
public struct TextureEntry: Codable, Hashable, Sendable {
  public enum State: String, Codable, Hashable, Sendable {
    /// Somebody holds it.
    case live
    /// Nobody does; it waits for ``EGLDevice/collect()``.
    case retired
  }

  /// What the buffer was called.
  public let buffer: String
  /// Bytes of the image.
  public let size: Int
  /// Since it was registered.
  public let seconds: Double
  /// The name of the texture in the device's context.
  public let name: UInt32
  /// Whether it has an EGLImage, hence a descriptor and a mapping of the driver's.
  public let isImported: Bool
  public let state: State
}
