public import TexAlloc

/// What a driver wants beyond what it says: a participant in every merge beside its device, and a
/// check at every registration.
public struct QuirkProfile: Hashable, Sendable {
  public let attributes: BufferAttributes
  /// Where it is known from.
  public let reason: String

  /// - Parameter attributes: From a file, say. They take part wherever the GPU does, whatever usage
  ///   they state.
  public init(_ attributes: BufferAttributes, because reason: String) {
    self.attributes = attributes
    self.reason = reason
  }

  public var name: String { attributes.name }
}

extension QuirkProfile {
  /// Pitches in multiples of 256 bytes.
  public static let pitch256 = QuirkProfile(
    BufferAttributes(name: "pitch-256") { $0.pitchAlignment = 256 },
    because: "radeonsi answers EGL_BAD_ALLOC to other pitches (xbmc/xbmc#27895)")

  /// Planes with room for rows in multiples of 16.
  public static let rows16 = QuirkProfile(
    BufferAttributes(name: "rows-16") { $0.heightAlignment = 16 },
    because: "radeonsi refuses a buffer smaller than the height that it pads to"
      + " (MrOz59/Apollo-Linux#23)")

  /// Images that begin their own buffer. No multiple of the largest alignment but 0 lies within the
  /// largest size, so no plane has any other offset, and an image has no second plane.
  public static let noOffset = QuirkProfile(
    BufferAttributes(name: "no-offset") {
      $0.offsetAlignment = 1 << 31
      $0.maxSize = (1 << 31) - 1
    },
    because: "a driver may take any offset and sample from the start of the buffer, as virgl does")

  /// Those that have a name.
  public static let builtIn = [pitch256, rows16, noOffset]

  /// One of the ``builtIn`` by its name.
  public static func named(_ name: String) -> QuirkProfile? {
    builtIn.first { $0.name == name }
  }

  /// Those of a driver, by what `GL_VENDOR` and `GL_RENDERER` say: of what is known to be cured by
  /// them. Of virgl nothing is, since it shows none of what the CPU writes.
  public static func known(vendor: String, renderer: String) -> [QuirkProfile] {
    let words = renderer.split { !$0.isLetter }
    return vendor == "AMD" || words.contains("radeonsi") ? [pitch256, rows16] : []
  }
}
