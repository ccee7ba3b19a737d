// swift-format-ignore-file
// The lines of README.md, as they stand there.

import TexAlloc
import TexAllocAssets
import TexAllocEGL
import TexAllocJPEG

let gpu = try EGLDevice.surfaceless()
let assets = try Assets(gpu: gpu, pool: TexturePool(for: [gpu, JPEGDecoder.component]))

let load = assets.submit("photo.jpg") { result in                // called by a poll, once
  guard let photo = try? result.get() else { return }
  print(photo.texture.name, photo.texture.route, photo.header.size)
}
assets.prioritize([(load, .visible)])                            // many at once; load.cancel() ends it
while load.state != .ended {                                     // a toolkit's loop: once a frame
  try assets.poll(budget: .milliseconds(2))                      // registers what is decoded, collects
}
