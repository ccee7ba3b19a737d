internal import CEGL

/// What a texture is to OpenGL and EGL. Handed on from one holder to the next.
final class TextureObjects: Sendable {
  struct Part {
    let name: GLuint
    /// nil for a texture of the GPU's own, or of memory that was opened.
    let image: ImageHandle?
  }

  let form: TextureForm
  /// At least one.
  let parts: [Part]
  /// Why the image is not shown in a better form; nil where there is none.
  let reason: String?
  /// Whether the pixels lie in the buffer.
  let showsBuffer: Bool

  /// - Parameter showsBuffer: Also without an EGLImage.
  init(
    _ parts: [Part], as form: TextureForm, because reason: String? = nil,
    showingBuffer showsBuffer: Bool = false
  ) {
    precondition(!parts.isEmpty, "a texture of nothing")
    self.showsBuffer = showsBuffer || parts[0].image != nil
    self.form = form
    self.parts = parts
    self.reason = reason
  }

  var name: GLuint { parts[0].name }
  var names: [GLuint] { parts.map(\.name) }
  /// Whether it can be kept for the next image at its place.
  var isImage: Bool { parts[0].image != nil }
}
