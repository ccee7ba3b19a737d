internal import CEGL
internal import Synchronization
internal import TexAlloc

/// EGLImages with their textures whose buffers are gone, each at the place that it shows: the next image
/// that lies there in the same way takes them over. Making them anew costs ten times as much, and the
/// check of their kind has told that pixels written later appear.
struct KeptImages {
  private struct Place: Hashable {
    let slab: Slab.ID
    let offset: Int

    init?(of buffer: TextureBuffer) {
      guard let slab = buffer.slab?.id else { return nil }
      (self.slab, offset) = (slab, buffer.offset)
    }
  }

  private struct Entry {
    let layout: ImageLayout
    let objects: TextureObjects
    /// The context that has reset how they are sampled.
    let context: UInt64
    let age: UInt64
  }

  private var entries: [Place: Entry] = [:]
  private var clock: UInt64 = 0
  /// How many EGLImages there are.
  private(set) var count = 0

  /// Those that showed an image which lay like this buffer, and the context that has reset how they are
  /// sampled.
  mutating func take(for buffer: TextureBuffer) -> (objects: TextureObjects, context: UInt64)? {
    guard count > 0, let place = Place(of: buffer), let entry = entries.removeValue(forKey: place)
    else { return nil }
    guard entry.layout == buffer.layout else {
      entries[place] = entry
      return nil
    }
    count -= entry.objects.parts.count
    return (entry.objects, entry.context)
  }

  /// - Parameter buffer: In a slab.
  /// - Returns: What stood at the place before, which nobody needs.
  mutating func keep(
    _ objects: TextureObjects, of buffer: TextureBuffer, in context: UInt64
  ) -> TextureObjects? {
    guard let place = Place(of: buffer) else { return objects }
    clock += 1
    let entry = Entry(layout: buffer.layout, objects: objects, context: context, age: clock)
    let before = entries.updateValue(entry, forKey: place)?.objects
    count += objects.parts.count - (before?.parts.count ?? 0)
    return before
  }

  /// Those that have waited the longest, until there are so many images at most.
  mutating func removeOldest(downTo limit: Int) -> [TextureObjects] {
    guard count > limit else { return [] }
    var left = count
    let oldest = entries.sorted { $0.value.age < $1.value.age }.prefix { entry in
      defer { left -= entry.value.objects.parts.count }
      return left > limit
    }
    return oldest.compactMap { remove($0.key) }
  }

  mutating func removeAll(in slabs: Set<Slab.ID>) -> [TextureObjects] {
    entries.keys.filter { slabs.contains($0.slab) }.compactMap { remove($0) }
  }

  private mutating func remove(_ place: Place) -> TextureObjects? {
    guard let objects = entries.removeValue(forKey: place)?.objects else { return nil }
    count -= objects.parts.count
    return objects
  }
}

/// Textures of the GPU's own that nobody shows any more: the next copy of an image of the same shape takes
/// one over, in the context that showed them. A real driver takes two hundred microseconds to make one and
/// take it down.
struct KeptTextures {
  struct Shape: Hashable {
    let width, height: Int
    let format: Format
    let sampling: Sampling
    let isMipmapped: Bool
    let context: UInt64

    init(of layout: ImageLayout, mipmapped: Bool, in context: UInt64) {
      (width, height) = (layout.width, layout.height)
      (format, sampling) = (layout.format, layout.sampling)
      isMipmapped = mipmapped
      self.context = context
    }
  }

  private static let (mostTextures, mostBytes) = (64, 32 << 20)

  /// The newest last.
  private var entries: [(shape: Shape, objects: TextureObjects, bytes: Int)] = []
  private var bytes = 0

  mutating func take(_ shape: Shape) -> TextureObjects? {
    guard let index = entries.lastIndex(where: { $0.shape == shape }) else { return nil }
    let entry = entries.remove(at: index)
    bytes -= entry.bytes
    return entry.objects
  }

  /// - Returns: Those that are too many now, the oldest first.
  mutating func keep(
    _ objects: TextureObjects, of layout: ImageLayout, mipmapped: Bool, in context: UInt64
  ) -> [TextureObjects] {
    let size = mipmapped ? layout.size / 3 * 4 : layout.size
    entries.append((Shape(of: layout, mipmapped: mipmapped, in: context), objects, size))
    bytes += size
    var oldest: [TextureObjects] = []
    while entries.count > Self.mostTextures || bytes > Self.mostBytes {
      let entry = entries.removeFirst()
      bytes -= entry.bytes
      oldest.append(entry.objects)
    }
    return oldest
  }

  mutating func remove(of context: UInt64) -> [TextureObjects] {
    let gone = entries.filter { $0.shape.context == context }
    entries.removeAll { $0.shape.context == context }
    bytes -= gone.reduce(0) { $0 + $1.bytes }
    return gone.map(\.objects)
  }

  mutating func removeAll() -> [TextureObjects] {
    defer { (entries, bytes) = ([], 0) }
    return entries.map(\.objects)
  }
}

/// A slab that images of a device lay in. It says when the slab is gone, so that images of its memory do
/// not keep that.
final class KnownSlab: Sendable {
  private let slab: Slab.ID
  private let gone: GoneSlabs

  init(_ slab: Slab.ID, tellingTo gone: GoneSlabs) { (self.slab, self.gone) = (slab, gone) }

  deinit { gone.add(slab) }
}

/// The slabs that went since somebody asked.
final class GoneSlabs: Sendable {
  private let slabs = Mutex<Set<Slab.ID>>([])

  func add(_ slab: Slab.ID) { slabs.withLock { _ = $0.insert(slab) } }

  func take() -> Set<Slab.ID> {
    slabs.withLock { slabs in
      defer { slabs = [] }
      return slabs
    }
  }
}
