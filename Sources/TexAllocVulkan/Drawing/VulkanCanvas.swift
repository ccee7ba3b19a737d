internal import CVulkan
internal import Synchronization
package import TexAlloc

/// A picture of a device's own that textures are drawn into, and that is read: what the programs and
/// tests of this package draw with. One thread at a time uses it.
@safe package final class VulkanCanvas {
  /// A rectangle, the part of the texture that it shows, and a premultiplied colour: as the shader reads
  /// it.
  package struct Quad {
    /// x, y, width, height, in pixels of the canvas.
    package var frame: SIMD4<Float>
    /// The place of the upper left corner in the texture, and what is added to get to the upper right one.
    package var texels: SIMD4<Float>
    /// What is added to get to the lower left one, and two numbers that nobody reads.
    package var below: SIMD4<Float>
    /// Red, green, blue, alpha.
    package var tint: SIMD4<Float>

    package init(
      frame: SIMD4<Float>, texels: SIMD4<Float>, below: SIMD4<Float>, tint: SIMD4<Float>
    ) {
      (self.frame, self.texels, self.below, self.tint) = (frame, texels, below, tint)
    }
  }

  /// What quads take from a texture.
  package enum Source {
    /// Nothing: they are filled with their tint.
    case none
    /// Its colours, filtered, times the tint.
    case image(VulkanTexture)
    /// Its red, filtered, as coverage of the tint: glyphs.
    case coverage(VulkanTexture)

    var texture: VulkanTexture? {
      switch self {
      case .none: nil
      case .image(let texture), .coverage(let texture): texture
      }
    }

    /// As the shader has it.
    var mode: Int32 {
      switch self {
      case .none: 0
      case .image: 1
      case .coverage: 2
      }
    }
  }

  private struct Draw {
    let source: Source
    /// Of all that were given.
    let quads: Range<Int>
  }

  package let size: ImageSize
  private let device: VulkanDevice
  private let objects: CanvasObjects
  private var background = SIMD4<Float>.zero
  private var draws: [Draw] = []
  private var quads: [Quad] = []

  /// - Throws: `VulkanFailure`.
  package init(_ size: ImageSize, on device: VulkanDevice) throws(VulkanFailure) {
    let limit = device.description.maxImageSize
    guard 1...limit ~= size.width, 1...limit ~= size.height else {
      throw .unsupported("VulkanCanvas", "\(size.width)x\(size.height) pixels, at most \(limit)")
    }
    self.size = size
    self.device = device
    try device.enter("VulkanCanvas")
    defer { device.leave() }
    objects = try CanvasObjects(size, on: device)
  }

  /// Begins a picture that is filled with a colour.
  package func clear(_ colour: SIMD4<Float>) {
    (background, draws, quads) = (colour, [], [])
  }

  /// Draws quads of one source over what is there: when the picture is finished.
  ///
  /// - Throws: `VulkanFailure`, unsupported for a texture of several planes.
  package func draw(_ quads: [Quad], from source: Source) throws(VulkanFailure) {
    if let texture = source.texture, texture.planes.count > 1 {
      throw .unsupported("VulkanCanvas", "a texture of \(texture.planes.count) planes")
    }
    if quads.isEmpty { return }
    let first = self.quads.count
    self.quads += quads
    draws.append(Draw(source: source, quads: first..<self.quads.count))
  }

  /// Has the GPU draw what it was given since the picture was begun, and waits for it.
  ///
  /// - Throws: `VulkanFailure`.
  package func finish() throws(VulkanFailure) {
    try device.enter("finish")
    defer { device.leave() }
    let connection = device.connection
    let resources = try CanvasResources(
      quads, of: draws.map(\.source.texture), with: objects, on: device)
    let textures = draws.compactMap(\.source.texture)
    let fence = try unsafe device.work.submit(preparing: textures.map(\.content)) {
      list, barriers in
      unsafe record(with: resources, after: barriers, in: list)
    }
    guard fence.wait(until: .now + longestWait) else {
      device.hold((resources, objects, textures), until: fence)
      throw .timedOut
    }
    if connection.loss.hasHappened {
      throw VulkanFailure("vkWaitSemaphores", VK_ERROR_DEVICE_LOST)
    }
  }

  /// Finishes the picture and gives it: `R`, `G`, `B`, `A` bytes, rows from the top, unpadded.
  ///
  /// - Throws: `VulkanFailure`.
  package func readPixels() throws(VulkanFailure) -> [UInt8] {
    try finish()
    return unsafe Array(objects.pixels)
  }

  @unsafe private func record(
    with resources: CanvasResources, after barriers: [VkImageMemoryBarrier],
    in list: VkCommandBuffer
  ) {
    let functions = device.connection.functions
    let barriers = unsafe [objects.blankBarrier] + barriers
    unsafe functions.pipelineBarrier(
      list, VK_PIPELINE_STAGE_HOST_BIT.rawValue, VK_PIPELINE_STAGE_FRAGMENT_SHADER_BIT.rawValue, 0,
      0, nil, 0, nil, UInt32(barriers.count), barriers)
    var clear = VkClearValue()
    unsafe clear.color.float32 = (background.x, background.y, background.z, background.w)
    unsafe withUnsafePointer(to: &clear) { clear in
      var begin = unsafe VkRenderPassBeginInfo(
        sType: VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO, pNext: nil,
        renderPass: objects.renderPass, framebuffer: objects.framebuffer,
        renderArea: objects.area, clearValueCount: 1, pClearValues: clear)
      unsafe functions.beginRenderPass(list, &begin, VK_SUBPASS_CONTENTS_INLINE)
    }
    unsafe functions.bindPipeline(list, VK_PIPELINE_BIND_POINT_GRAPHICS, objects.pipeline)
    for (index, draw) in draws.enumerated() {
      var set = unsafe resources.sets[index]
      unsafe functions.bindDescriptorSets(
        list, VK_PIPELINE_BIND_POINT_GRAPHICS, objects.layout, 0, 1, &set, 0, nil)
      let extent = draw.source.texture?.buffer.layout.imageSize ?? size
      var request = CanvasRequest(
        width: Float(size.width), height: Float(size.height), extentWidth: Float(extent.width),
        extentHeight: Float(extent.height), mode: draw.source.mode)
      unsafe functions.pushConstants(
        list, objects.layout, CanvasRequest.stages, 0, UInt32(MemoryLayout<CanvasRequest>.size),
        &request)
      unsafe functions.draw(
        list, 6, UInt32(draw.quads.count), 0, UInt32(draw.quads.lowerBound))
    }
    unsafe functions.endRenderPass(list)
    unsafe objects.recordReadback(in: list)
  }
}

/// What the shaders are told of a draw.
struct CanvasRequest {
  /// Of the canvas, in pixels; then of the texture.
  var width, height, extentWidth, extentHeight: Float
  var mode: Int32

  static let stages =
    VK_SHADER_STAGE_VERTEX_BIT.rawValue | VK_SHADER_STAGE_FRAGMENT_BIT.rawValue
}
