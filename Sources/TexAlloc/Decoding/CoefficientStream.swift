/// A picture as the transform of its file has it: the coefficients of its blocks of 8 × 8, for a GPU to
/// make pixels of.
///
/// Most coefficients are zero, and only the others are here: a tenth of the bytes of the pixels. An
/// entropy decoder writes them where the GPU reads them, in order, whole lines, and never reads them
/// itself. All numbers are little-endian, of 32 bits.
public struct CoefficientStream: Sendable {
  /// Entries of some blocks, one behind the other.
  public struct Entries: Sendable {
    /// One for each coefficient that is not zero, and for the first of each block: its place in the
    /// block in the upper 16 bits, in the order of the file, its value in the lower, with its sign.
    public let memory: TextureBuffer
    /// Whose they are, of all blocks of the picture.
    public let blocks: Range<Int>
    /// How many the blocks before have.
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
  /// For each block how many entries those before have, and behind the last how many there are.
  public let offsets: TextureBuffer
  /// Of all blocks, in their order.
  public let entries: [Entries]
  /// How many there are.
  public let entryCount: Int
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
    _ format: CoefficientFormat, quantization: [[UInt16]], offsets: TextureBuffer,
    entries: [Entries], entryCount: Int, warnings: [String] = []
  ) {
    self.warnings = warnings
    self.storedSize = storedSize
    self.region = region ?? ImageRegion(of: storedSize)
    let known = format.pictureFormats
    pictureFormat = header.descriptor.formats.first(where: known.contains) ?? .abgr8888
    self.header = header
    self.format = format
    self.quantization = quantization
    self.offsets = offsets
    self.entries = entries
    self.entryCount = entryCount
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
      name: header.name, layout: layout, in: offsets.memory, at: offsets.offset, isKept: false)
    buffer.spend()
    buffer.finisher = .gpu
    return buffer
  }

  /// Bytes that were written, and that a GPU fetches.
  public var size: Int {
    let blocks = format.units(of: storedSize).count * format.blocksPerUnit
    return (blocks + 1 + entryCount) * 4
  }
}

/// What blocks there are and what their pixels mean: what a device is checked for.
public struct CoefficientFormat: Hashable, Sendable {
  public enum Colours: String, Hashable, Sendable {
    case grey
    /// As JFIF has it: ITU-R BT.601 of full range.
    case ycc
    case rgb
  }

  /// Blocks that a component has in each unit, across and down: the sampling factors of [T.81].
  ///
  /// [T.81]: https://www.w3.org/Graphics/JPEG/itu-t81.pdf
  public struct Component: Hashable, Sendable {
    public let across, down: Int

    public init(across: Int, down: Int) {
      self.across = across
      self.down = down
    }
  }

  /// How a file has the coefficients: it decides what it costs to read them.
  public enum Scans: String, Hashable, Sendable {
    /// Block by block.
    case one
    /// In several passes over the picture: progressive files foremost.
    case several
  }

  public let colours: Colours
  public let scans: Scans
  /// One, or three. In each unit their blocks follow each other, row by row.
  public let components: [Component]

  /// - Parameter components: A single one has one block in each unit, whatever is said.
  public init(_ colours: Colours, _ components: [Component], scans: Scans = .one) {
    self.colours = colours
    self.scans = scans
    self.components = components.count == 1 ? [Component(across: 1, down: 1)] : components
  }

  /// What a GPU makes of pictures: colours; luma alone, and with planes of chroma, where they are as large as
  /// some format has them.
  public var pictureFormats: [Fourcc] {
    let luma = components[0]
    guard colours != .rgb, luma.across == across, luma.down == down else { return [.abgr8888] }
    let colours: [Fourcc] = [.abgr8888, .r8]
    guard components.count == 3, components[1] == components[2],
      across.isMultiple(of: components[1].across), down.isMultiple(of: components[1].down)
    else { return colours }
    switch (across / components[1].across, down / components[1].down) {
    case (1, 1): return colours + [.yuv444]
    case (2, 1): return colours + [.yuv422]
    case (2, 2): return colours + [.yuv420]
    case (4, 1): return colours + [.yuv411]
    default: return colours
    }
  }

  /// The most blocks of a component in each unit.
  public var across: Int { components.reduce(1) { max($0, $1.across) } }
  public var down: Int { components.reduce(1) { max($0, $1.down) } }
  public var blocksPerUnit: Int { components.reduce(0) { $0 + $1.across * $1.down } }

  /// Units that a picture has, row by row.
  public func units(of size: ImageSize) -> (across: Int, down: Int, count: Int) {
    let (across, down) = (
      size.width.dividedRoundingUp(by: 8 * across), size.height.dividedRoundingUp(by: 8 * down)
    )
    return (across, down, across * down)
  }
}

extension CoefficientFormat: CustomStringConvertible {
  /// As `ycc 2x2 1x1 1x1`.
  public var description: String {
    let words = [colours.rawValue] + components.map { "\($0.across)x\($0.down)" }
    return (words + (scans == .several ? ["in several scans"] : [])).joined(separator: " ")
  }
}
