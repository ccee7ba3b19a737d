/// A component that makes something of its own of a buffer before it uses it, and may refuse.
public protocol Registrar: Component {
  associatedtype Handle: Registration

  /// Makes the component's own of a buffer. The same buffer gives the same registration for as
  /// long as that lives.
  func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> Handle

  /// Small images that tell whether the component really gets along with a heap: the pool has them
  /// checked before it settles for the heap.
  var trials: [ImageDescriptor] { get }

  /// What it can live with where it copies images instead of registering them: the last resort of a
  /// pool for which there is no heap otherwise. nil for one that cannot.
  var copying: BufferAttributes? { get }

  /// Checks, by using it, that the component sees the pixels of such an image as they were written.
  func check(_ trial: TextureBuffer) throws(RegistrationRefused)
}

extension Registrar {
  public var trials: [ImageDescriptor] { [] }
  public var copying: BufferAttributes? { nil }
  public func check(_ trial: TextureBuffer) throws(RegistrationRefused) {}
}

/// What a component made of a buffer that it accepted: an image of the GPU, a framebuffer of the
/// display. It keeps the buffer alive.
public protocol Registration: AnyObject, Sendable {
  /// The name of the component.
  var component: String { get }
  var buffer: TextureBuffer { get }
}
