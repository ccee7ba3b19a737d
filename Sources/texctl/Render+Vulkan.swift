internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocEGL
internal import TexAllocJPEG
internal import TexAllocVulkan

extension Render {
  /// Draws what a shader of Vulkan sees of the texture.
  func drawByVulkan(_ photo: JPEGImage) throws -> Report {
    let gpu = try device.openVulkan()
    let pool = try TexturePool(for: [gpu, JPEGDecoder.component])
    let start = ContinuousClock.now
    let buffer = try pool.allocate(photo.descriptor, named: photo.name)
    let decoded = try photo.decode(into: buffer)
    let end = ContinuousClock.now
    let texture = try gpu.texture(for: buffer)
    let registering = ContinuousClock.now - end
    let size = photo.size
    let shown = photo.orientation.upright(try texture.texels(), of: buffer.layout.imageSize)
    let png = PNGFile(width: size.width, height: size.height, rgba: shown)
    try png.write(to: FilePath(output))
    return Report(
      texture: TextureReport(
        texture, as: size, decoding: end - start, registering: registering),
      decoded: photo.descriptor.size, choice: .cpu(because: "Vulkan decodes nothing"),
      orientation: Int(photo.orientation.rawValue), goodRows: decoded.goodRows.count,
      warnings: decoded.warnings)
  }
}

extension Orientation {
  /// Pixels as they are shown, of pixels as they are stored.
  func upright(_ pixels: [UInt8], of stored: ImageSize) -> [UInt8] {
    if self == .upright { return pixels }
    let size = upright(stored)
    var turned: [UInt8] = []
    turned.reserveCapacity(pixels.count)
    for y in 0..<size.height {
      for x in 0..<size.width {
        // By the middle of the pixel, which no rounding takes out of it.
        let place = self.stored(
          x: (Float(x) + 0.5) / Float(size.width), y: (Float(y) + 0.5) / Float(size.height))
        let column = min(Int(place.x * Float(stored.width)), stored.width - 1)
        let row = min(Int(place.y * Float(stored.height)), stored.height - 1)
        let start = (row * stored.width + column) * 4
        turned += pixels[start..<start + 4]
      }
    }
    return turned
  }
}
