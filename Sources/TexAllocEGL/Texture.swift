internal import CEGL
internal import Synchronization
public import TexAlloc

/// A buffer as the GPU sees it: a `GL_TEXTURE_2D` that keeps its buffer alive.
///
/// Letting go of it is allowed on any thread; its OpenGL objects go at the device's next
/// ``EGLDevice/collect()``, and its buffer's slot when the GPU has done what was asked of it before.
public final class Texture: Registration {
  /// How the pixels got to the GPU.
  public enum Path: Hashable, Sendable {
    /// The GPU reads the buffer's own memory.
    case imported
    /// The GPU has a copy, for this reason.
    case uploaded(because: String)
  }

  /// How it is known that the GPU shows what is in the buffer.
  public enum PixelCheck: Hashable, Sendable {
    /// A trial image of the same kind showed what had been written into it.
    case trial
    /// The buffer showed what was in it when it was registered: the application's, of whose kind no
    /// trial image can be had.
    case contents
    /// It is not known, for this reason.
    case none(because: String)
    /// The pixels were copied.
    case copied
  }

  public var component: String { device.name }
  public let buffer: TextureBuffer
  public let path: Path
  public let check: PixelCheck
  /// The name of the texture in the device's context.
  public let name: UInt32
  let device: EGLDevice
  let uploaded = Atomic(0)
  let start = ContinuousClock.now
  private let image: ImageHandle?

  init(
    of buffer: TextureBuffer, on device: EGLDevice, name: GLuint, image: ImageHandle?, path: Path,
    check: PixelCheck
  ) {
    self.buffer = buffer
    self.device = device
    self.name = name
    self.image = image
    self.path = path
    self.check = check
  }

  /// Bytes that uploads of this texture have copied so far.
  public var bytesUploaded: Int { uploaded.load(ordering: .relaxed) }

  deinit {
    device.retire(
      RetiredTexture(name: name, image: image, buffer: buffer, start: start), of: buffer.id)
  }
}

/// What is left of a texture that nobody holds any more.
struct RetiredTexture {
  let name: GLuint
  let image: ImageHandle?
  let buffer: TextureBuffer
  /// When it was registered.
  let start: ContinuousClock.Instant

  /// Answers whether there was one.
  @discardableResult
  func destroyImage(_ importer: DMABufImport?, _ connection: EGLConnection) -> Bool {
    guard let image else { return false }
    importer?.destroy(image, on: connection)
    return true
  }
}

/// A texture in the device's table, which does not keep it alive.
struct WeakTexture {
  weak let texture: Texture?
  let name: GLuint

  init(_ texture: Texture) {
    self.texture = texture
    name = texture.name
  }
}

extension Texture.Path {
  /// `imported` or `uploaded`: for reports.
  public var word: String {
    switch self {
    case .imported: "imported"
    case .uploaded: "uploaded"
    }
  }

  /// Why it was uploaded; nil where it was imported.
  public var reason: String? {
    switch self {
    case .imported: nil
    case .uploaded(let reason): reason
    }
  }
}

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

extension EGLDevice {
  /// Every texture of the device: the live ones, then those that wait to be collected.
  public var ledger: [TextureEntry] {
    let (live, retired) = state.withLock { state in
      (state.textures.values.compactMap(\.texture), state.retired)
    }
    func entry(
      _ buffer: TextureBuffer, _ name: UInt32, isImported: Bool,
      since start: ContinuousClock.Instant, _ state: TextureEntry.State
    ) -> TextureEntry {
      TextureEntry(
        buffer: buffer.name, size: buffer.layout.size, seconds: (.now - start) / .seconds(1),
        name: name, isImported: isImported, state: state)
    }
    return live.sorted { $0.name < $1.name }.map {
      entry($0.buffer, $0.name, isImported: $0.path == .imported, since: $0.start, .live)
    }
      + retired.map {
        entry($0.buffer, $0.name, isImported: $0.image != nil, since: $0.start, .retired)
      }
  }
}
