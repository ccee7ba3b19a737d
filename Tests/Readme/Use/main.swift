// swift-format-ignore-file
// The lines of README.md, as they stand there.

import TexAlloc
import TexAllocEGL
import TexAllocJPEG

let gpu = try EGLDevice.surfaceless()                            // or .current(): the toolkit's context
let pool = try TexturePool(for: [gpu, JPEGDecoder.component])    // merges, probes heaps, picks one

let photo = try JPEGImage(contentsOf: "photo.jpg")
let buffer = try pool.allocate(photo.descriptor, for: .texture)  // the flag
try photo.decode(into: buffer)                                   // straight into texture memory
let texture = try gpu.texture(for: buffer)                       // imported; else copied, and it says why
print(texture.route, texture.reason ?? "")                       // texture.name is bound to texture.target

let icon = ImageDescriptor(width: 64, height: 64, formats: [.abgr8888])
let drawing = try pool.allocate(icon)
do {
  var writer = drawing.writer()                                  // one's own pixels: whole rows, never read
  let row = [UInt8](repeating: 255, count: writer.rowSize)
  for number in writer.rows { writer.write(row.span, row: number) }
}                                                                // the GPU sees them from here on

let frame = try pool.allocate(icon, for: .renderTarget)
let target = try gpu.renderTarget(for: frame)                    // drawn in place, or read back and says why
let drawn = try target.finish()                                  // the pixels are there once this has passed

try gpu.collect()                                                // once a frame: slots come back
