public import TexAlloc

/// A picture that a camera has taken, or a decoder has decoded.
public struct VideoFrame: Sendable {
  /// Where it lies, with its format, pitch and colours. The device fills the memory anew when nobody holds the
  /// buffer, or a texture of it, any more, and the GPU is done with it.
  public let buffer: TextureBuffer
  /// The part of the buffer's image that is the picture: all of it but where a decoder has the picture
  /// somewhere in the middle.
  public let region: ImageRegion
  /// Counted by the driver: where a number of a camera's is missing, there was no buffer to fill. A decoder
  /// begins anew where the pictures change.
  public let sequence: Int
  /// When it was taken, since the start of the system: of `CLOCK_MONOTONIC`. Of a picture that was decoded, the
  /// time that its bytes were given.
  public let time: Duration
  /// Whether the driver says that some of it may be wrong.
  public let isDamaged: Bool
}

/// A buffer that a camera or a decoder writes frames into.
public final class VideoBuffer: Registration {
  public let component: String
  public let buffer: TextureBuffer

  init(component: String, buffer: TextureBuffer) {
    self.component = component
    self.buffer = buffer
  }
}
