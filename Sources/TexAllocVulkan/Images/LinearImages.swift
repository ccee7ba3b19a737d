internal import CVulkan
internal import TexAlloc

/// How a driver lays out linear images of one format, learnt from images that it was asked about.
struct LinearRule: Sendable {
  /// Rows are as far apart as the pixels of one need, rounded up to this: a power of two. nil where no
  /// such rule holds.
  let pitchAlignment: Int?
  /// Where an image begins in its memory.
  let offsetAlignment: Int
  /// How many rows there are is rounded up to at most this; what they then take all in all, to at most that.
  let heightAlignment, sizeAlignment: Int
  let memory: SuitableMemory
  /// Texels.
  let largest: ImageSize
}

/// The linear images of a device: what it samples where it lies.
struct LinearImages: Sendable {
  /// Whether the caller says how far rows are apart; else the driver does.
  let isPitchFree: Bool
  private let connection: VulkanConnection
  /// By the number of the format.
  private let rules: [UInt32: LinearRule]

  /// What is sampled linearly and filtered.
  static let usage = VK_IMAGE_USAGE_SAMPLED_BIT.rawValue

  /// Asks the driver about images of each format.
  init(of formats: Set<UInt32>, on connection: VulkanConnection) {
    // A driver that has the modifiers may have no linear one, and linear images all the same.
    let isPitchFree = formats.contains { Self.isSampled(VkFormat($0), true, on: connection) }
    self.connection = connection
    self.isPitchFree = isPitchFree
    rules = Dictionary(
      uniqueKeysWithValues: formats.compactMap { format in
        Self.rule(for: VkFormat(format), isPitchFree, on: connection).map { (format, $0) }
      })
  }

  /// A bit for each type that images of all formats can lie in.
  var commonMemoryTypes: UInt32 { rules.values.reduce(.max) { $0 & $1.memory.memoryTypes } }

  /// nil for a format that is not sampled linear.
  func rule(for format: PlaneFormat) -> LinearRule? { rules[format.format] }

  /// A linear image without memory.
  ///
  /// - Parameters:
  ///   - pitch: Bytes from one row to the next. The driver takes its own where it may: see
  ///     ``pitch(of:)``.
  ///   - handleType: By which its memory is imported; 0 where it is not.
  @unsafe func makeImage(
    _ format: PlaneFormat, _ size: ImageSize, pitch: Int, handleType: UInt32
  ) throws(VulkanFailure) -> VkImage {
    try unsafe Self.makeImage(
      format.vulkan, size, pitch: isPitchFree ? pitch : nil, handleType, on: connection)
  }

  /// Where an image's first row lies, and how far the next one is from it.
  @unsafe func place(of image: VkImage) -> (offset: Int, pitch: Int) {
    unsafe Self.place(of: image, isPitchFree, on: connection)
  }

  /// The layout that such an image is in at first, with what was written into it before.
  func initialLayout(handleType: UInt32) -> VkImageLayout {
    Self.initialLayout(isPitchFree: isPitchFree, handleType)
  }

  static func initialLayout(isPitchFree: Bool, _ handleType: UInt32) -> VkImageLayout {
    isPitchFree || handleType != 0
      ? VK_IMAGE_LAYOUT_UNDEFINED : VK_IMAGE_LAYOUT_PREINITIALIZED
  }

  @unsafe private static func makeImage(
    _ format: VkFormat, _ size: ImageSize, pitch: Int?, _ handleType: UInt32,
    on connection: VulkanConnection
  ) throws(VulkanFailure) -> VkImage {
    var image: VkImage?
    var layout = VkSubresourceLayout()
    layout.rowPitch = VkDeviceSize(pitch ?? 0)
    var external = unsafe VkExternalMemoryImageCreateInfo(
      sType: VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, pNext: nil,
      handleTypes: handleType)
    let result = unsafe withUnsafePointer(to: &layout) { layout in
      unsafe withUnsafePointer(to: &external) { external in
        var explicit = unsafe VkImageDrmFormatModifierExplicitCreateInfoEXT(
          sType: VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT,
          pNext: handleType == 0 ? nil : UnsafeRawPointer(external), drmFormatModifier: 0,
          drmFormatModifierPlaneCount: 1, pPlaneLayouts: layout)
        return unsafe withUnsafePointer(to: &explicit) { explicit in
          var info = unsafe VkImageCreateInfo()
          unsafe info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO
          unsafe info.pNext =
            pitch != nil
            ? UnsafeRawPointer(explicit) : handleType == 0 ? nil : UnsafeRawPointer(external)
          unsafe info.imageType = VK_IMAGE_TYPE_2D
          unsafe info.format = format
          unsafe info.extent = VkExtent3D(
            width: UInt32(size.width), height: UInt32(size.height), depth: 1)
          unsafe info.mipLevels = 1
          unsafe info.arrayLayers = 1
          unsafe info.samples = VK_SAMPLE_COUNT_1_BIT
          unsafe info.tiling =
            pitch == nil ? VK_IMAGE_TILING_LINEAR : VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT
          unsafe info.usage = usage
          unsafe info.initialLayout = initialLayout(isPitchFree: pitch != nil, handleType)
          return unsafe connection.functions.createImage(connection.device, &info, nil, &image)
        }
      }
    }
    try connection.check("vkCreateImage", result)
    guard let image = unsafe image else { throw .failed("vkCreateImage", "no handle") }
    return unsafe image
  }

  @unsafe private static func place(
    of image: VkImage, _ isPitchFree: Bool, on connection: VulkanConnection
  ) -> (offset: Int, pitch: Int) {
    let aspect =
      isPitchFree
      ? VK_IMAGE_ASPECT_MEMORY_PLANE_0_BIT_EXT.rawValue : VK_IMAGE_ASPECT_COLOR_BIT.rawValue
    var part = VkImageSubresource(aspectMask: aspect, mipLevel: 0, arrayLayer: 0)
    var layout = VkSubresourceLayout()
    unsafe connection.functions.subresourceLayout(connection.device, image, &part, &layout)
    return (Int(layout.offset), Int(layout.rowPitch))
  }
}

/// What is learnt.
extension LinearImages {
  /// Odd ones, usual ones and those just above a power of two.
  private static let sizes = [
    ImageSize(width: 1, height: 1), ImageSize(width: 3, height: 5), ImageSize(width: 17, height: 9),
    ImageSize(width: 80, height: 16), ImageSize(width: 257, height: 33),
    ImageSize(width: 500, height: 7), ImageSize(width: 1023, height: 3),
    ImageSize(width: 1919, height: 1080),
  ]

  private static func rule(
    for format: VkFormat, _ isPitchFree: Bool, on connection: VulkanConnection
  ) -> LinearRule? {
    guard isSampled(format, isPitchFree, on: connection),
      let own = LinearSupport(of: format, isPitchFree, nil, on: connection),
      let texel = texelSizes[format.rawValue]
    else { return nil }
    var (pitch, offset, height, size, types) = (1 as Int?, 1, 1, 1, UInt32.max)
    for extent in sizes where extent.fits(in: own.largest) {
      // Also where the pitch is free: what the driver takes by itself suits it.
      guard
        let image = try? unsafe makeImage(format, extent, pitch: nil, 0, on: connection)
      else { return nil }
      defer { unsafe connection.functions.destroyImage(connection.device, image, nil) }
      let place = unsafe place(of: image, false, on: connection)
      var needs = VkMemoryRequirements()
      unsafe connection.functions.imageRequirements(connection.device, image, &needs)
      guard place.offset == 0 else { return nil }
      pitch = pitch.flatMap { least(from: $0, for: extent.width * texel, giving: place.pitch) }
      offset = max(offset, Int(needs.alignment))
      var rows: Int { place.pitch * extent.height.roundedUp(toMultipleOf: height) }
      while height < 16, rows < needs.size { height *= 2 }
      while size <= 1 << 20, rows.roundedUp(toMultipleOf: size) < needs.size { size *= 2 }
      types &= needs.memoryTypeBits
    }
    let supports = [
      VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
      VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
      VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT,
    ].map(\.rawValue).compactMap { handle in
      LinearSupport(of: format, isPitchFree, handle, on: connection).map { (handle, $0) }
    }.filter(\.1.takesMemory)
    let largest = ([own] + supports.map(\.1)).map(\.largest)
    return LinearRule(
      pitchAlignment: pitch, offsetAlignment: offset, heightAlignment: height,
      sizeAlignment: size,
      memory: SuitableMemory(
        memoryTypes: types, handleTypes: supports.map(\.0).reduce(0, |)),
      largest: ImageSize(
        width: largest.map(\.width).min() ?? 0, height: largest.map(\.height).min() ?? 0))
  }

  /// The least power of two from one on by which rows of so many bytes get a pitch; nil where none does.
  private static func least(from alignment: Int, for row: Int, giving pitch: Int) -> Int? {
    var alignment = alignment
    while alignment <= pitch, row.roundedUp(toMultipleOf: alignment) != pitch { alignment *= 2 }
    return alignment <= pitch ? alignment : nil
  }

  private static let texelSizes: [UInt32: Int] = Dictionary(
    FormatTable.known.formats.flatMap { PlaneFormat.all(of: FormatTable.known[$0] ?? []) }
      .map { ($0.format, $0.bytesPerTexel) }, uniquingKeysWith: { first, _ in first })

  /// Whether a shader may sample linear images of the format, and filter what it samples.
  private static func isSampled(
    _ format: VkFormat, _ isPitchFree: Bool, on connection: VulkanConnection
  ) -> Bool {
    let wanted =
      VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT.rawValue
      | VK_FORMAT_FEATURE_SAMPLED_IMAGE_FILTER_LINEAR_BIT.rawValue
    let features = connection.linearFeatures(of: format, explicitPlanes: isPitchFree ? 1 : nil)
    return features & wanted == wanted
  }
}
