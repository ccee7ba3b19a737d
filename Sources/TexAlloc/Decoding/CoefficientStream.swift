/// A picture as the transform of its file has it: the coefficients of its blocks of 8 × 8, for a GPU to
/// make pixels of.
///
/// Most coefficients are zero, and only the others are here: a tenth of the bytes of the pixels. An
/// entropy decoder writes them where the GPU reads them, in order, whole lines, and never reads them
/// itself. All numbers are little-endian, of 32 bits.
public struct CoefficientStream: Sendable {
  /// Blocks that were read by one thread: of a file with restart markers several may share them.
  public struct Part: Sendable {
    /// Of all blocks of the picture, in their order.
    public let blocks: Range<Int>
    /// For each block how many entries those before it in the part have, and behind the last how many
    /// there are.
    public let offsets: TextureBuffer
    /// Of these blocks, in their order.
    public let entries: [Entries]
    /// How many there are.
    public let entryCount: Int

    public init(
      of blocks: Range<Int>, offsets: TextureBuffer, entries: [Entries], entryCount: Int
    ) {
      self.blocks = blocks
      self.offsets = offsets
      self.entries = entries
      self.entryCount = entryCount
    }
  }

  /// Entries of some blocks, one behind the other.
  public struct Entries: Sendable {
    /// One for each coefficient that is not zero, and for the first of each block: its place in the
    /// block in the upper 16 bits, in the order of the file, its value in the lower, with its sign.
    public let memory: TextureBuffer
    /// Whose they are, of all blocks of the picture.
    public let blocks: Range<Int>
    /// How many the blocks before have, of those of the part.
    public let start: Int

    public init(in memory: TextureBuffer, of blocks: Range<Int>, from start: Int) {
      self.memory = memory
      self.blocks = blocks
      self.start = start
    }
  }

  /// Of what becomes a texture: its size, its name, how it is to be shown.
  public let header: ImageHeader
  /// Of all that the file has, as it is stored; and the part of it that becomes a texture.
  public let storedSize: ImageSize
  public let region: ImageRegion
  public let format: CoefficientFormat
  /// By what the coefficients of each component are multiplied: 64 numbers, in the order of the file.
  public let quantization: [[UInt16]]
  /// The blocks that there are, in their order: all that the region takes.
  public let parts: [Part]
  /// What was wrong with the file that costs no pixel, in words.
  public let warnings: [String]
  /// What is made of it: of its format's ``CoefficientFormat/pictureFormats`` the one that the header wants
  /// most, unless it is set.
  public var pictureFormat: Fourcc

  /// - Parameters:
  ///   - header: Of the size of the region.
  ///   - region: All of the picture where nil.
  public init(
    _ header: ImageHeader, _ region: ImageRegion? = nil, of storedSize: ImageSize,
    _ format: CoefficientFormat, quantization: [[UInt16]], parts: [Part], warnings: [String] = []
  ) {
    self.warnings = warnings
    self.storedSize = storedSize
    self.region = region ?? ImageRegion(of: storedSize)
    pictureFormat = format.pictureFormat(for: header)
    self.header = header
    self.format = format
    self.quantization = quantization
    self.parts = parts
  }

  /// What stands for the picture where a device has made it its own: its layout, and where its
  /// coefficients were. It has no pixels, and counts as spent.
  package func makeSpentBuffer() -> TextureBuffer {
    let size = header.descriptor.size
    var (planes, end): ([ImageLayout.Plane], Int) = ([], 0)
    for shape in FormatTable.known[pictureFormat] ?? [] {
      let pitch =
        size.width.dividedRoundingUp(by: shape.horizontalSubsampling) * shape.bytesPerElement
      planes.append(.init(offset: end, pitch: pitch, rows: shape.rows(down: size.height)))
      end += pitch * shape.rows(down: size.height)
    }
    var layout = ImageLayout(
      width: size.width, height: size.height, format: Format(pictureFormat),
      planes: ImageLayout.Planes(planes), size: end)
    (layout.colour, layout.alpha) = (header.descriptor.colour, .opaque)
    let buffer = TextureBuffer(
      name: header.bufferName, layout: layout, in: parts[0].offsets.memory,
      at: parts[0].offsets.offset, isKept: false)
    buffer.spend()
    buffer.finisher = .gpu
    return buffer
  }

  /// What about it cannot be, in words; nil where nothing is.
  package var fault: String? {
    let size = header.descriptor.size
    guard region.isPart(of: storedSize), region.width == size.width, region.height == size.height
    else { return "\(region) of \(storedSize) is no picture of \(size)" }
    guard header.descriptor.sampling == .asStored else {
      return "it is to be sampled \(header.descriptor.sampling)"
    }
    guard quantization.map(\.count) == format.components.map({ _ in 64 }) else {
      return "there are not 64 factors for each component"
    }
    guard format.pictureFormats.contains(pictureFormat) else {
      return "\(pictureFormat) is not made of \(format)"
    }
    let isWhole = (FormatTable.known[pictureFormat] ?? []).allSatisfy {
      region.x.isMultiple(of: $0.horizontalSubsampling)
        && region.y.isMultiple(of: $0.verticalSubsampling)
    }
    guard isWhole else { return "\(region) begins within a sample of \(pictureFormat)" }
    var next = parts.first?.blocks.lowerBound ?? 0
    for part in parts {
      guard part.blocks.lowerBound == next, part.hasRoom else {
        return "its memory is not that of the blocks \(part.blocks)"
      }
      next = part.blocks.upperBound
    }
    return parts.isEmpty ? "it has no blocks" : nil
  }

  /// The blocks that there are.
  package var blocks: Range<Int> {
    (parts.first?.blocks.lowerBound ?? 0)..<(parts.last?.blocks.upperBound ?? 0)
  }

  /// All of its memory.
  package var memory: [TextureBuffer] {
    parts.flatMap { [$0.offsets] + $0.entries.map(\.memory) }
  }

  /// Bytes that were written, and that a GPU fetches.
  public var size: Int { parts.reduce(0) { $0 + ($1.blocks.count + 1 + $1.entryCount) * 4 } }
}

extension CoefficientStream.Part {
  /// Whether its memory is as large as what it is said to hold.
  fileprivate var hasRoom: Bool {
    guard offsets.wordCount > blocks.count else { return false }
    var (block, entry) = (blocks.lowerBound, 0)
    for (index, piece) in entries.enumerated() {
      let end = index + 1 < entries.count ? entries[index + 1].start : entryCount
      guard piece.blocks.lowerBound == block, piece.start == entry, piece.start <= end,
        end - piece.start <= piece.memory.wordCount
      else { return false }
      (block, entry) = (piece.blocks.upperBound, end)
    }
    return block == blocks.upperBound
  }
}

extension TextureBuffer {
  fileprivate var wordCount: Int { layout.planes[0].pitch * layout.planes[0].rows / 4 }
}
