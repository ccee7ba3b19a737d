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

  /// What a GPU makes of pictures: colours; luma alone, and with chroma in one plane or in two, where they are
  /// as large as some format has them.
  public var pictureFormats: [Fourcc] {
    let luma = components[0]
    guard colours != .rgb, luma.across == across, luma.down == down else { return [.abgr8888] }
    let colours: [Fourcc] = [.abgr8888, .r8]
    guard components.count == 3, components[1] == components[2],
      across.isMultiple(of: components[1].across), down.isMultiple(of: components[1].down)
    else { return colours }
    switch (across / components[1].across, down / components[1].down) {
    case (1, 1): return colours + [.nv24, .yuv444]
    case (2, 1): return colours + [.nv16, .yuv422]
    case (2, 2): return colours + [.nv12, .yuv420]
    case (4, 1): return colours + [.yuv411]
    default: return colours
    }
  }

  /// What is made of a picture that nobody said more about: what its header wants most.
  package func pictureFormat(for header: ImageHeader) -> Fourcc {
    header.descriptor.formats.first(where: pictureFormats.contains) ?? .abgr8888
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

  /// The rows of units that a region of a picture takes: with the rows beside it, by which its edges are
  /// smoothed, and one more below, as far as decoders to pixels read.
  package func unitRows(of region: ImageRegion, in size: ImageSize) -> Range<Int> {
    let (unit, count) = (8 * down, units(of: size).down)
    let end = region.rows.upperBound.dividedRoundingUp(by: unit) + 1
    return max(0, region.rows.lowerBound - 2) / unit..<min(count, end)
  }
}

extension CoefficientFormat: CustomStringConvertible {
  /// As `ycc 2x2 1x1 1x1`.
  public var description: String {
    let words = [colours.rawValue] + components.map { "\($0.across)x\($0.down)" }
    return (words + (scans == .several ? ["in several scans"] : [])).joined(separator: " ")
  }
}
