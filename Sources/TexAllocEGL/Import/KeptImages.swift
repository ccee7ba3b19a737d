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
  /// How many EGLImages there are.
  private(set) var count = 0

  /// Those that showed an image which lay like this buffer.
  mutating func take(for buffer: TextureBuffer, in slab: KnownSlab) -> TextureObjects? {
    let place = Place(slab: slab.number, offset: buffer.offset)
    guard let entry = entries[place], entry.layout == buffer.layout else { return nil }
    return remove(place)
  }

  /// - Returns: What stood at the place before, which nobody needs.
  mutating func keep(
    _ objects: TextureObjects, of buffer: TextureBuffer, in slab: KnownSlab
  ) -> TextureObjects? {
    clock += 1
    let place = Place(slab: slab.number, offset: buffer.offset)
    let before = remove(place)
    entries[place] = Entry(layout: buffer.layout, objects: objects, age: clock)
    count += objects.parts.count
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

  mutating func removeAll(in slabs: Set<UInt64>) -> [TextureObjects] {
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
