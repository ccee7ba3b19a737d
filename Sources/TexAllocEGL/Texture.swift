internal import CEGL
internal import Synchronization
public import TexAlloc

/// A buffer as the GPU sees it: textures of OpenGL, mostly one, that keep their buffer alive.
///
/// Letting go of it is allowed on any thread; its OpenGL objects go at the device's next
/// ``EGLDevice/collect()``, and its buffer's slot when the GPU has done what was asked of it before.
public final class Texture: Registration {
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

  /// Why it is no better texture. Nobody wants the words for most.
  enum Obstacle {
    /// What the buffer's plan says, and what is known of the device's mapped buffers.
    case plan
    case other(String?)
  }

  public var component: String { device.name }
  public let buffer: TextureBuffer
  /// How the pixels got to the GPU.
  public let route: Route
  /// Why no better route was taken, or why an import has a texture for each plane; nil where there is
  /// nothing better.
  public var reason: String? { device.words(for: obstacle, to: buffer) }
  public let check: PixelCheck
  /// Whether it has mipmaps, down to one pixel, and samples between them.
  public let isMipmapped: Bool
  let device: EGLDevice
  let obstacle: Obstacle
  let objects: TextureObjects
  /// How it takes its copies, plane by plane; none of an import.
  let formats: [UploadFormat]
  let uses = Mutex(TextureUse())
  let copied = Atomic(0)
  let start = ContinuousClock.now

  init(
    _ objects: TextureObjects, of buffer: TextureBuffer, on device: EGLDevice, _ route: Route,
    because obstacle: Obstacle, check: PixelCheck, mipmapped: Bool = false,
    _ formats: [UploadFormat] = []
  ) {
    self.objects = objects
    self.formats = formats
    self.buffer = buffer
    self.device = device
    self.route = route
    self.obstacle = obstacle
    self.check = check
    isMipmapped = mipmapped
  }

  /// Who finished the decoding of the picture that it shows, and why not the GPU; nil where nobody said so.
  public var finisher: FinisherChoice? { buffer.finisher }
  /// Bytes that the CPU has copied into this texture so far.
  public var bytesUploaded: Int { route == .uploaded ? copied.load(ordering: .relaxed) : 0 }
  /// Bytes that the GPU has copied into it.
  public var bytesTransferred: Int { route == .transferred ? copied.load(ordering: .relaxed) : 0 }

  deinit {
    device.retire(
      RetiredTexture(
        objects: objects, buffer: buffer, route: route, start: start, isMipmapped: isMipmapped,
        formats: formats, users: uses.withLock { $0.users },
        isKept: objects.isImage && check == .trial && buffer.slab != nil))
  }
}

/// What is left of a texture that nobody holds any more.
final class RetiredTexture: @unchecked Sendable {  // what changes, does so under the device's lock
  let objects: TextureObjects
  let buffer: TextureBuffer
  let route: Route
  /// When it was registered.
  let start: ContinuousClock.Instant
  let isMipmapped: Bool
  let formats: [UploadFormat]
  /// The contexts that may have drawn it.
  let users: ContextSet
  /// Those of them that have put no fence behind it yet.
  var awaited: ContextSet
  /// Whether the next image at its place may have its EGLImage.
  let isKept: Bool

  init(
    objects: TextureObjects, buffer: TextureBuffer, route: Route,
    start: ContinuousClock.Instant, isMipmapped: Bool, formats: [UploadFormat],
    users: ContextSet, isKept: Bool
  ) {
    (self.objects, self.buffer, self.route, self.formats) = (objects, buffer, route, formats)
    (self.start, self.isMipmapped, self.isKept) = (start, isMipmapped, isKept)
    (self.users, awaited) = (users, users)
  }

  /// Whether the next copy of such an image in a context may have it. One that undoes the transfer may have
  /// been told not to; what another context may still draw is not written in this one.
  func isKeptCopy(in here: ContextGroup.Member) -> Bool {
    !objects.showsBuffer && buffer.layout.sampling == .asStored && users == here.set
  }

  /// Whether it is a context's turn to put its fence behind it, or nobody's any more.
  func isDue(in here: ContextGroup.Member, of all: ContextSet) -> Bool {
    let awaited = awaited.intersection(all)
    return awaited.isEmpty || awaited.contains(here.set)
  }
}

/// A texture in the device's table, which does not keep it alive.
struct WeakTexture {
  weak let texture: Texture?
  let objects: TextureObjects

  init(_ texture: Texture) {
    self.texture = texture
    objects = texture.objects
  }
}

/// The textures of a buffer in that table: one without mipmaps, and one with.
struct LiveTextures {
  private var plain, mipmapped: WeakTexture?

  subscript(isMipmapped: Bool) -> WeakTexture? {
    get { isMipmapped ? mipmapped : plain }
    set { if isMipmapped { mipmapped = newValue } else { plain = newValue } }
  }

  var isEmpty: Bool { plain == nil && mipmapped == nil }
  var all: [WeakTexture] { [plain, mipmapped].compactMap(\.self) }
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
  /// The name of the texture in the device's context, of its first plane where it has several.
  public let name: UInt32
  /// An imported one has an EGLImage, hence a descriptor and a mapping of the driver's.
  public let route: Route
  public let state: State
}

extension EGLDevice {
  /// Every texture of the device: the live ones, then those that wait to be collected.
  public var ledger: [TextureEntry] {
    let (live, retired) = state.withLock { state in
      (state.textures.values.flatMap(\.all).compactMap(\.texture), state.retired)
    }
    func entry(
      _ buffer: TextureBuffer, _ name: UInt32, _ route: Route,
      since start: ContinuousClock.Instant, _ state: TextureEntry.State
    ) -> TextureEntry {
      TextureEntry(
        buffer: buffer.name, size: buffer.layout.size, seconds: (.now - start) / .seconds(1),
        name: name, route: route, state: state)
    }
    return live.sorted { $0.name < $1.name }.map {
      entry($0.buffer, $0.name, $0.route, since: $0.start, .live)
    }
      + retired.map {
        entry($0.buffer, $0.objects.name, $0.route, since: $0.start, .retired)
      }
  }
}
