internal import CVulkan
internal import TexAlloc

/// How Vulkan calls what a plane of an image holds, and what a shader is to see of it.
struct PlaneFormat: Hashable, Sendable {
  /// A `VkFormat`.
  let format: UInt32
  /// Whether alpha is one, whatever lies there.
  let isOpaque: Bool
  let bytesPerTexel: Int

  var vulkan: VkFormat { VkFormat(format) }

  /// - Parameter sampling: What a shader gets.
  /// - Returns: nil where Vulkan has no such format.
  init?(_ shape: PlaneShape, sampling: Sampling = .asStored) {
    guard let texels = shape.texels else { return nil }
    let row = Self.rows.first { row in
      row.isFloat == texels.isFloat
        && row.channels.elementsEqual(texels.channels) { wanted, channel in
          wanted.bits == channel.bits
            && (wanted.meaning == channel.meaning
              || wanted.meaning == .alpha && channel.meaning == .unused)
        }
    }
    guard let row, let format = sampling == .asLight ? row.asLight : row.format else { return nil }
    self.format = format.rawValue
    isOpaque = texels.channels.contains { $0.meaning == .unused }
    bytesPerTexel = texels.bytesPerElement
  }

  /// Those of each plane of a format, sampled by itself; nil where one has none.
  static func planes(
    _ shapes: [PlaneShape], sampling: Sampling = .asStored
  ) -> [PlaneFormat]? {
    guard shapes.count == 1 || shapes.areSampledApart && sampling == .asStored else { return nil }
    let planes = shapes.compactMap { PlaneFormat($0, sampling: sampling) }
    return planes.isEmpty || planes.count < shapes.count ? nil : planes
  }

  /// Those of each plane, in whatever way it may be sampled.
  static func all(of shapes: [PlaneShape]) -> [PlaneFormat] {
    [Sampling.asStored, .asLight].flatMap { planes(shapes, sampling: $0) ?? [] }
  }

  private struct Row {
    let channels: [PlaneShape.Channel]
    var isFloat = false
    let format: VkFormat
    /// With the transfer of sRGB undone.
    var asLight: VkFormat?
  }

  private static let rows = [
    Row(
      channels: eights(.red, .green, .blue, .alpha), format: VK_FORMAT_R8G8B8A8_UNORM,
      asLight: VK_FORMAT_R8G8B8A8_SRGB),
    Row(
      channels: eights(.blue, .green, .red, .alpha), format: VK_FORMAT_B8G8R8A8_UNORM,
      asLight: VK_FORMAT_B8G8R8A8_SRGB),
    Row(channels: eights(.red), format: VK_FORMAT_R8_UNORM),
    Row(channels: eights(.red, .green), format: VK_FORMAT_R8G8_UNORM),
    Row(
      channels: [.init(.blue, bits: 5), .init(.green, bits: 6), .init(.red, bits: 5)],
      format: VK_FORMAT_R5G6B5_UNORM_PACK16),
    Row(
      channels: tens(.red, .green, .blue), format: VK_FORMAT_A2B10G10R10_UNORM_PACK32),
    Row(
      channels: tens(.blue, .green, .red), format: VK_FORMAT_A2R10G10B10_UNORM_PACK32),
    Row(
      channels: sixteens(.red, .green, .blue, .alpha), isFloat: true,
      format: VK_FORMAT_R16G16B16A16_SFLOAT),
    Row(channels: sixteens(.red), format: VK_FORMAT_R16_UNORM),
    Row(channels: sixteens(.red, .green), format: VK_FORMAT_R16G16_UNORM),
  ]

  private typealias Meaning = PlaneShape.Channel.Meaning

  private static func eights(_ meanings: Meaning...) -> [PlaneShape.Channel] {
    meanings.map { .init($0, bits: 8) }
  }

  private static func sixteens(_ meanings: Meaning...) -> [PlaneShape.Channel] {
    meanings.map { .init($0, bits: 16) }
  }

  private static func tens(_ meanings: Meaning...) -> [PlaneShape.Channel] {
    meanings.map { .init($0, bits: 10) } + [.init(.alpha, bits: 2)]
  }
}
