internal import ProgramSupport
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocJPEG

/// The routes of this library: pixels in a pool, and a texture of them without a copy by the CPU.
final class PooledPicture {
  private let gpu: EGLDevice
  private let filler: PictureFiller
  private let screen: Screen
  private let readback: OrdinaryPixels

  /// - Parameter readback: Where pixels are read back to.
  init(
    _ picture: Picture, on gpu: EGLDevice, in pool: TexturePool, by copy: CopyKind,
    readback: OrdinaryPixels
  ) throws {
    self.gpu = gpu
    filler = PictureFiller(picture, in: pool, by: copy)
    screen = try Screen(picture)
    self.readback = readback
  }

  func run(_ watch: inout Stopwatch) throws {
    do {
      let buffer = try filler.fill(&watch)
      let texture = try gpu.register(buffer)
      try screen.take(texture.name, &watch)
      if texture.route == .imported, buffer.isMappedForReading {
        try buffer.withContents { pixels in
          // The plane may have longer rows than the picture, and more of them.
          let count = unsafe min(pixels.count, readback.memory.count)
          unsafe pixels.extracting(first: count).withUnsafeBytes {
            unsafe readback.memory.copyMemory(from: $0)
          }
        }
        watch.end(.readback)
      }
      withExtendedLifetime(texture) {}
    }
    try gpu.collect()
    watch.end(.release)
  }
}

/// Puts the pixels of a picture into memory of a pool.
final class PictureFiller {
  private let picture: Picture
  private let pool: TexturePool
  private let copy: CopyKind
  /// Where pixels are copied from.
  private let pixels: OrdinaryPixels?

  init(_ picture: Picture, in pool: TexturePool, by copy: CopyKind) {
    self.picture = picture
    self.pool = pool
    self.copy = copy
    pixels = copy == .none ? nil : OrdinaryPixels(for: picture)
  }

  func fill(_ watch: inout Stopwatch) throws -> TextureBuffer {
    guard let pixels else {
      let image = try JPEGImage(picture.bytes, named: picture.name)
      let buffer = try pool.allocate(image.descriptor)
      try image.decode(into: buffer)
      watch.end(.decode)
      return buffer
    }
    try pixels.decode()
    watch.end(.decode)
    let image = ImageDescriptor(
      width: picture.width, height: picture.height, formats: [.abgr8888])
    let buffer = try pool.allocate(image)
    guard buffer.layout.planes[0].pitch == picture.pitch else {
      throw ProgramFailure("\(picture.name): the pool wants another pitch")
    }
    do {
      var writer = buffer.writer()
      copy.copy(pixels, to: &writer)
    }
    watch.end(.write)
    return buffer
  }
}
