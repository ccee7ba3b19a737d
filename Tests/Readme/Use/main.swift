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
let texture = try gpu.register(buffer)                           // no copy; throws RegistrationRefused
let surely = try gpu.texture(for: buffer)                        // imports, or uploads and says why

let picture = ImageDescriptor(width: 640, height: 480, formats: [.abgr8888])
let frame = try pool.allocate(picture, for: .renderTarget)
let target = try gpu.renderTarget(for: frame)                    // drawn in place, or read back and says why
let drawn = try target.finish()                                  // the pixels are there once this has passed

try gpu.collect()                                                // once a frame: slots come back
gpu.contextWasLost()                                             // if ever: buffers stay, for the next device
