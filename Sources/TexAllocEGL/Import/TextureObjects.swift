internal import CEGL

/// What a texture is to OpenGL and EGL.
struct TextureObjects {
  struct Part {
    let name: GLuint
    /// nil for a texture of the GPU's own.
    let image: ImageHandle?
  }

  let form: TextureForm
  /// At least one.
  let parts: [Part]
  /// Why the image is not shown in a better form; nil where there is none.
  let reason: String?

  init(_ parts: [Part], as form: TextureForm, because reason: String? = nil) {
    precondition(!parts.isEmpty, "a texture of nothing")
    self.form = form
    self.parts = parts
    self.reason = reason
  }

  var name: GLuint { parts[0].name }
  var names: [GLuint] { parts.map(\.name) }
  /// Whether it is an import.
  var showsBuffer: Bool { parts[0].image != nil }
}
