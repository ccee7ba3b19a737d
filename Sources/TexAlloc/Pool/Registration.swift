/// What a component made of a buffer that it accepted: an image of the GPU, a framebuffer of the
/// display. It keeps the buffer alive.
public protocol Registration: AnyObject, Sendable {
  /// The name of the component.
  var component: String { get }
  var buffer: TextureBuffer { get }
}
