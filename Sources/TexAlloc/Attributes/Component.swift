/// Something that touches buffers: a GPU, a decoder, a camera, a display, a heap.
///
/// A component says what it can live with; it never allocates.
public protocol Component: Sendable {
  /// What it can live with, asked of the real thing. It does not change while the component lives.
  var attributes: BufferAttributes { get }
}

extension Component {
  /// The name that conflicts and refusals call it by.
  public var name: String { attributes.name }
}
