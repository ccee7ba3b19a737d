internal import CEGL
internal import TexAlloc

/// Memory of another API of the same GPU, opened in a device's own context, which shares what is made of it.
///
/// It goes before the slab that it is of.
final class OpenedMemory: Sendable {
  /// What the GPU copies from; nil where it samples the memory as it lies.
  let buffer: MappedBuffer?
  private let object: MemoryObject

  /// In the context, current and with nothing bound.
  init(
    _ memory: ExportedMemory, of slab: Slab, asBuffer isBuffer: Bool = false,
    by functions: MemoryObjects, on context: OwnContext
  ) throws(EGLFailure) {
    let object = MemoryObject(
      name: try functions.open(memory, of: slab.heap), functions: functions, context: context)
    self.object = object
    guard isBuffer else {
      buffer = nil
      return
    }
    // The slab keeps the mapping.
    buffer = try unsafe MappedBuffer(
      over: slab.bytes(in: 0..<slab.size), on: context
    ) { name throws(EGLFailure) in
      try functions.define(name, of: memory.size, as: object.name)
    }
  }

  /// A texture of a buffer where it lies. In that context, or in one that shares with it.
  func makeTexture(of buffer: TextureBuffer) throws(EGLFailure) -> TextureObjects {
    let layout = buffer.layout
    guard let format = UploadFormat.planes(of: layout)?.first else {
      throw .unsupported("glTexStorageMem2DEXT", "\(layout.format)")
    }
    let name = try texture(format, layout.imageSize, at: buffer.offset + layout.planes[0].offset)
    return TextureObjects(
      [TextureObjects.Part(name: name, image: nil)], as: .image, showingBuffer: true)
  }

  func texture(
    _ format: UploadFormat, _ size: ImageSize, at offset: Int
  ) throws(EGLFailure) -> GLuint {
    try object.functions.makeTexture(format, size, at: offset, of: object.name)
  }
}

/// Deleted on the thread of its context.
private final class MemoryObject: Sendable {
  let name: GLuint
  let functions: MemoryObjects
  private let context: OwnContext

  init(name: GLuint, functions: MemoryObjects, context: OwnContext) {
    self.name = name
    self.functions = functions
    self.context = context
  }

  deinit {
    let (name, functions) = (name, functions)
    context.begin { functions.delete(name) }
  }
}

/// Heaps of other APIs of the same GPU whose slabs a device opens.
struct OpenedHeaps: Sendable {
  /// The best first.
  let heaps: [any Heap]
  /// How images are sampled where they lie; nil where the GPU copies from them.
  let textures: LinearTextures?
  let functions: MemoryObjects
  /// Those that something was made of.
  private(set) var slabs: [OpenedSlab] = []

  init(heaps: [any Heap], textures: LinearTextures?, functions: MemoryObjects) {
    self.heaps = heaps
    self.textures = textures
    self.functions = functions
  }

  mutating func remember(_ slab: Slab) {
    slabs.removeAll { $0.slab == nil }
    slabs.append(OpenedSlab(slab))
  }
}

/// A slab that something was made of, which does not keep it.
final class OpenedSlab: Sendable {
  weak let slab: Slab?

  init(_ slab: Slab) { self.slab = slab }
}

/// How a driver has textures whose rows lie one behind the other.
struct LinearTextures: Hashable, Sendable {
  /// Rows are as far apart as their pixels need, rounded up to this.
  let pitchAlignment: Int
  /// Whether they lie where they are said to, or all at the start of their memory: llvmpipe does not look.
  let takesOffsets: Bool

  /// Asks the driver. In the context that the memory was opened in.
  ///
  /// - Parameters:
  ///   - slab: Two pages at least, that nobody else uses.
  ///   - fetch: Of that context.
  /// - Returns: nil where the driver follows no such rule.
  static func found(
    in memory: OpenedMemory, of slab: Slab, by fetch: TexelFetch
  ) throws(EGLFailure) -> LinearTextures? {
    guard let alignment = try memory.pitchAlignment(of: slab, at: 0, by: fetch) else { return nil }
    let there = try memory.pitchAlignment(of: slab, at: pageSize, by: fetch)
    return LinearTextures(pitchAlignment: alignment, takesOffsets: there == alignment)
  }
}

extension OpenedMemory {
  /// How far apart the driver has the rows: found by a mark where the second row of an image would begin.
  fileprivate func pitchAlignment(
    of slab: Slab, at offset: Int, by fetch: TexelFetch
  ) throws(EGLFailure) -> Int? {
    let all = 0..<2 * pageSize
    // Nobody else has the slab.
    let bytes = unsafe slab.bytes(in: all)
    guard let format = UploadFormat.planes(FormatTable.known[.r8] ?? [])?.first else { return nil }
    var found: Int?
    for width in [1, 65, 257, 500] {
      let size = ImageSize(width: width, height: 2)
      let alignments = (0..<9).map { 1 << $0 }
      unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
      // Where two come to the same, the least one counts.
      for (number, alignment) in alignments.enumerated().reversed() {
        unsafe bytes[offset + width.roundedUp(toMultipleOf: alignment)] = UInt8(number + 1)
      }
      slab.finishWriting(all)
      let name = try texture(format, size, at: offset)
      defer { unsafe glDeleteTextures(1, [name]) }
      let seen = Int(try fetch.texels(ofRows: [1], of: size, in: name)[0])
      // A driver shows whatever it likes.
      guard alignments.indices.contains(seen - 1) else { return nil }
      found = max(found ?? 1, alignments[seen - 1])
    }
    return found
  }
}
