internal import CEGL
internal import Synchronization
internal import TexAlloc

/// EGLImages with their textures whose buffers are gone, each at the place that it shows: the next image
/// that lies there in the same way takes them over. Making them anew costs ten times as much, and the
/// check of their kind has told that pixels written later appear.
struct KeptImages {
  private struct Place: Hashable {
    let slab: UInt64
    let offset: Int
  }

  private struct Entry {
    let layout: ImageLayout
    let objects: TextureObjects
    let age: UInt64
  }

  private var entries: [Place: Entry] = [:]
  private var clock: UInt64 = 0

  var count: Int { entries.count }

  /// Those that showed an image which lay like this buffer.
  mutating func take(for buffer: TextureBuffer, in slab: KnownSlab) -> TextureObjects? {
    let place = Place(slab: slab.number, offset: buffer.offset)
    guard let entry = entries[place], entry.layout == buffer.layout else { return nil }
    entries[place] = nil
    return entry.objects
  }

  /// - Returns: What stood at the place before, which nobody needs.
  mutating func keep(
    _ objects: TextureObjects, of buffer: TextureBuffer, in slab: KnownSlab
  ) -> TextureObjects? {
    clock += 1
    return entries.updateValue(
      Entry(layout: buffer.layout, objects: objects, age: clock),
      forKey: Place(slab: slab.number, offset: buffer.offset))?.objects
  }

  /// Those that have waited the longest, until there are so many at most.
  mutating func removeOldest(downTo limit: Int) -> [TextureObjects] {
    guard entries.count > limit else { return [] }
    let oldest = entries.sorted { $0.value.age < $1.value.age }.prefix(entries.count - limit)
    for (place, _) in oldest { entries[place] = nil }
    return oldest.map(\.value.objects)
  }

  mutating func removeAll(in slabs: Set<UInt64>) -> [TextureObjects] {
    let gone = entries.filter { slabs.contains($0.key.slab) }
    for place in gone.keys { entries[place] = nil }
    return gone.map(\.value.objects)
  }
}

/// Textures of the GPU's own that nobody shows any more: the next copy of an image of the same shape takes
/// one over. A real driver takes two hundred microseconds to make one and take it down.
struct KeptTextures {
  struct Shape: Hashable {
    let width, height: Int
    let format: Format
    let sampling: Sampling

    init(of layout: ImageLayout) {
      (width, height) = (layout.width, layout.height)
      (format, sampling) = (layout.format, layout.sampling)
    }
  }

  private static let (mostTextures, mostBytes) = (64, 32 << 20)

  /// The newest last.
  private var entries: [(shape: Shape, name: GLuint, bytes: Int)] = []
  private var bytes = 0

  mutating func take(_ shape: Shape) -> GLuint? {
    guard let index = entries.lastIndex(where: { $0.shape == shape }) else { return nil }
    let entry = entries.remove(at: index)
    bytes -= entry.bytes
    return entry.name
  }

  /// - Returns: Those that are too many now, the oldest first.
  mutating func keep(_ name: GLuint, of layout: ImageLayout) -> [GLuint] {
    entries.append((Shape(of: layout), name, layout.size))
    bytes += layout.size
    var oldest: [GLuint] = []
    while entries.count > Self.mostTextures || bytes > Self.mostBytes {
      let entry = entries.removeFirst()
      bytes -= entry.bytes
      oldest.append(entry.name)
    }
    return oldest
  }

  mutating func removeAll() -> [GLuint] {
    defer { (entries, bytes) = ([], 0) }
    return entries.map(\.name)
  }
}

/// A slab that images of a device lay in. It says when the slab is gone, so that images of its memory do
/// not keep that.
final class KnownSlab: Sendable {
  private static let last = Atomic<UInt64>(0)

  let number = KnownSlab.last.add(1, ordering: .relaxed).newValue
  private let gone: GoneSlabs

  init(tellingTo gone: GoneSlabs) { self.gone = gone }

  deinit { gone.add(number) }
}

/// The numbers of slabs that went since somebody asked.
final class GoneSlabs: Sendable {
  private let numbers = Mutex<Set<UInt64>>([])

  func add(_ number: UInt64) { numbers.withLock { _ = $0.insert(number) } }

  func take() -> Set<UInt64> {
    numbers.withLock { numbers in
      defer { numbers = [] }
      return numbers
    }
  }
}

extension EGLDevice.State {
  /// All that is kept, which is then nobody's.
  mutating func takeAllKept() -> [TextureObjects] {
    kept.removeOldest(downTo: 0)
      + keptTextures.removeAll().map { TextureObjects(name: $0, image: nil) }
  }
}

extension EGLDevice {
  /// A texture of what is kept for the place of a buffer; nil where that is nothing.
  func takeKeptTexture(of buffer: TextureBuffer) -> Texture? {
    guard let slab = buffer.slab?.companion(slabs) else { return nil }
    let taken = state.withLock { state in
      let objects = state.kept.take(for: buffer, in: slab)
      if objects != nil { state.statistics.reusedImages += 1 }
      return objects
    }
    guard let objects = taken else { return nil }
    withTextureBound(objects.name) { resetSampling() }
    let texture = Texture(
      of: buffer, on: self, name: objects.name, image: objects.image, .imported, because: nil,
      check: .trial)
    enter(texture)
    return texture
  }

  /// Keeps what can be used again of textures that are gone.
  ///
  /// - Returns: What cannot, and what is too much.
  func keep(_ retired: [RetiredTexture]) -> [TextureObjects] {
    let goneSlabs = goneSlabs.take()
    let places = retired.map { texture in
      texture.isKept
        ? texture.buffer.slab?.companion(slabs) { KnownSlab(tellingTo: self.goneSlabs) } : nil
    }
    return state.withLock { state in
      var others: [TextureObjects] = []
      if !goneSlabs.isEmpty { others += state.kept.removeAll(in: goneSlabs) }
      for (texture, slab) in zip(retired, places) {
        if texture.objects.image == nil {
          others += state.keptTextures.keep(texture.objects.name, of: texture.buffer.layout)
            .map { TextureObjects(name: $0, image: nil) }
          continue
        }
        guard let slab else {
          others.append(texture.objects)
          continue
        }
        if let before = state.kept.keep(texture.objects, of: texture.buffer, in: slab) {
          others.append(before)
        }
      }
      // Half of the images that may live, so that there is room for new ones.
      return others + state.kept.removeOldest(downTo: imageLimit.images / 2)
    }
  }

  /// A texture of the GPU's own, used before, for a copy of an image; nil where there is none.
  func takeKeptTexture(of layout: ImageLayout, _ format: UploadFormat) -> GLuint? {
    guard let name = state.withLock({ $0.keptTextures.take(.init(of: layout)) }) else { return nil }
    withTextureBound(name) {
      resetSampling()
      format.setSwizzle()
    }
    return name
  }

  /// Makes room for new images; answers whether there was anything to let go of.
  func letGoOfKeptImages() -> Bool {
    let oldest = state.withLock { $0.kept.removeOldest(downTo: $0.kept.count * 3 / 4) }
    destroy(oldest)
    return !oldest.isEmpty
  }
}
