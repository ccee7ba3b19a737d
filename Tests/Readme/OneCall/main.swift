// swift-format-ignore-file
// The lines of README.md, as they stand there.

import TexAlloc
import TexAllocAssets
import TexAllocEGL
import TexAllocJPEG

let thread = try await RenderThread()
let pool = try TexturePool(for: [thread.gpu, JPEGDecoder.component])
let size = try await thread.run { thread in
  let texture = try await Assets(gpu: thread.gpu, pool: pool).texture(at: "photo.jpg")
  return texture.buffer.layout.imageSize
}
