internal import CEGL
internal import TexAlloc
internal import TexAllocEGL

/// A device of the current context that has the GPU copy from mapped buffers of its own.
struct MappedCopier {
  let gpu: EGLDevice
  let buffers: MappedBuffers

  init() throws {
    gpu = try EGLDevice.current(route: .transferred)
    buffers = try gpu.mappedBuffers()
  }

  /// What a reader must know where the driver copies.
  var warning: String? { buffers.timing.isByDriver ? "\(buffers.timing)" : nil }
}

/// Pixels that are written and bound, image by image.
enum HandingOver {
  private static func count(of side: Int) -> Int { max(4, min(100, (8 << 20) / (side * side * 4))) }

  private static func image(of side: Int) -> ImageDescriptor {
    ImageDescriptor(width: side, height: side, formats: [.abgr8888])
  }

  /// Images that come and go, in memory of a pool or in ordinary memory.
  static func imports(of side: Int, on gpu: EGLDevice) -> Comparison {
    let count = count(of: side)
    return Comparison(
      title: "\(side)x\(side) written, handed over, bound, let go of", item: "image",
      routes: [
        Route(name: "glTexSubImage2D into a texture that is there", items: count) {
          var memory = [UInt8](repeating: 0, count: side * side * 4)
          let textures = (0..<count).map { _ in GLTexture() }
          for texture in textures { unsafe texture.define(side, from: nil) }
          var value: UInt8 = 0
          return { _ in
            for texture in textures {
              value &+= 1
              unsafe memory.withUnsafeMutableBytes { memory in
                _ = unsafe memory.initializeMemory(as: UInt8.self, repeating: value)
                unsafe texture.update(side, from: memory.baseAddress)
              }
            }
            glFinish()
          }
        },
        Route(name: "kept imports", items: count, isOurs: true, goal: Goal(ratio: 1)) {
          let pool = try TexturePool(for: [gpu])
          let image = image(of: side)
          var value: UInt8 = 0
          return { _ in
            do {
              var textures: [Texture] = []
              textures.reserveCapacity(count)
              for _ in 0..<count {
                value &+= 1
                let buffer = try pool.allocate(image)
                fill(buffer, with: value)
                let texture = try gpu.register(buffer)
                glBindTexture(GLenum(GL_TEXTURE_2D), texture.name)
                textures.append(texture)
              }
              glFinish()
            }
            try gpu.collect()
          }
        },
      ])
  }

  /// Copies from a mapped buffer, the pixels being there.
  static func copies(of side: Int, by copier: MappedCopier) -> Comparison {
    let count = min(count(of: side), 64)
    return Comparison(
      title: "\(side)x\(side) handed over from a mapped buffer", item: "image",
      routes: [
        Route(
          name: "bare glTexSubImage2D from a buffer", items: count, warning: copier.warning
        ) {
          let textures = (0..<count).map { _ in GLTexture() }
          for texture in textures { unsafe texture.define(side, from: nil) }
          // Each has its pixels, as in a pool: those of one would stay in the cache.
          let size = side * side * 4
          let buffer = PixelBuffer(size: count * size)
          try unsafe buffer.fill {
            unsafe UnsafeMutableRawBufferPointer(start: $0, count: count * size)
              .initializeMemory(as: UInt8.self, repeating: 1)
          }
          return { _ in
            buffer.bound {
              for (index, texture) in textures.enumerated() {
                unsafe texture.update(side, from: UnsafeRawPointer(bitPattern: index * size))
              }
            }
            glFlush()
          }
        },
        Route(
          name: "contentsChanged", items: count, isOurs: true, goal: Goal(ratio: 2),
          warning: copier.warning
        ) {
          let pool = try TexturePool(for: [copier.gpu])
          let textures = try (0..<count).map { _ in
            try copier.gpu.register(pool.allocate(image(of: side), for: [.texture, .rewritten]))
          }
          return { _ in
            for texture in textures { try texture.contentsChanged() }
            glFlush()
          }
        },
        Route(
          name: "register + release", items: count, isOurs: true, goal: Goal(ratio: 2),
          warning: copier.warning
        ) {
          let pool = try TexturePool(for: [copier.gpu])
          let image = image(of: side)
          return { watch in
            // Having memory is no part of it.
            let buffers = try (0..<count).map { _ in try pool.allocate(image) }
            watch.restart()
            for buffer in buffers { _ = try copier.gpu.register(buffer) }
            try copier.gpu.collect()
            watch.finish()
            glFinish()
          }
        },
      ])
  }

  private static func fill(_ buffer: TextureBuffer, with value: UInt8) {
    var writer = buffer.writer()
    writer.fill(0..<writer.rowCount, with: value)
  }
}

extension GLTexture {
  /// The same for a square image without padding.
  @unsafe func define(_ side: Int, from pixels: UnsafeRawPointer?) {
    bind(rowLength: side)
    unsafe glTexImage2D(
      GLenum(GL_TEXTURE_2D), 0, GL_RGBA, GLsizei(side), GLsizei(side), 0, GLenum(GL_RGBA),
      GLenum(GL_UNSIGNED_BYTE), pixels)
  }

  @unsafe func update(_ side: Int, from pixels: UnsafeRawPointer?) {
    bind(rowLength: side)
    unsafe glTexSubImage2D(
      GLenum(GL_TEXTURE_2D), 0, 0, 0, GLsizei(side), GLsizei(side), GLenum(GL_RGBA),
      GLenum(GL_UNSIGNED_BYTE), pixels)
  }
}
