// swift-format-ignore-file
// The lines of README.md, as they stand there.

import TexAlloc
import TexAllocAssets
import TexAllocEGL
import TexAllocJPEG

let thread = try await RenderThread()
let pool = try TexturePool(for: [thread.gpu, JPEGDecoder.component])
let assets = try Assets(gpu: thread.gpu, pool: pool)
let size = try await thread.run { thread in
  let photo = try await assets.load("photo.jpg")                 // or: for await next in assets.load(requests)
  return photo.header.size                                       // photo.texture is the GPU's
}
