/// Where the pixels of one image lie, from the first byte of its allocation, and what they mean.
public struct ImageLayout: Hashable, Sendable {
  /// One plane: `rows` rows, each `pitch` bytes after the one before, the first at `offset`.
  public struct Plane: Hashable, Sendable {
    /// Bytes from the start of the image.
    public let offset: Int
    /// Bytes from one row to the next.
    public let pitch: Int
    /// Rows that memory is set aside for; at least those of the image.
    public let rows: Int

    public init(offset: Int, pitch: Int, rows: Int) {
      self.offset = offset
      self.pitch = pitch
      self.rows = rows
    }
  }

  /// Pixels.
  public let width, height: Int
  public let format: Format
  /// In the order of `drm_fourcc.h`.
  public let planes: Planes
  /// What the planes hold, one for each; none where the format is not linear or nobody knows it.
  public let shapes: [PlaneShape]
  /// Bytes of the whole image, padding included.
  public let size: Int
  /// What the numbers mean as colours.
  public var colour = Colour.picture
  /// What the fourth channel says of the others; `opaque` in a format that is known to have none,
  /// whatever it is set to.
  public var alpha = Alpha.premultiplied { didSet { if isWithoutAlpha { alpha = .opaque } } }
  /// What a shader gets of them.
  public var sampling = Sampling.asStored

  /// - Parameter table: Where the format is described.
  public init(
    width: Int, height: Int, format: Format, planes: Planes, size: Int,
    in table: FormatTable = .known
  ) {
    let shapes = format.modifier == .linear ? table[format.fourcc] : nil
    self.init(
      width: width, height: height, format: format, planes: planes, shapes: shapes ?? [],
      size: size)
  }

  init(
    width: Int, height: Int, format: Format, planes: Planes, shapes: [PlaneShape], size: Int
  ) {
    self.width = width
    self.height = height
    self.format = format
    self.planes = planes
    self.shapes = shapes
    self.size = size
    if isWithoutAlpha { alpha = .opaque }
  }

  private var isWithoutAlpha: Bool {
    !shapes.isEmpty && !shapes.contains { $0.channels.contains { $0.meaning == .alpha } }
  }
}

extension ImageLayout {
  public var imageSize: ImageSize { ImageSize(width: width, height: height) }

  /// Bytes that the pixels of a row take in a plane, padding aside.
  public func rowSize(ofPlane index: Int) -> Int {
    let shape = shape(ofPlane: index)
    return width.dividedRoundingUp(by: shape.horizontalSubsampling) * shape.bytesPerElement
  }

  /// Rows of a plane that hold pixels, padding aside.
  public func rowCount(ofPlane index: Int) -> Int {
    shape(ofPlane: index).rows(down: height)
  }

  /// The upper part of an image, at the same pitches. Planes begin, and the whole ends, at multiples of the
  /// same powers of two as before, up to what drivers ask for.
  func cut(toRows rows: Int) -> ImageLayout {
    guard rows < height, let first = planes.first else { return self }
    var end = first.offset
    let cut = planes.enumerated().map { index, plane in
      let offset = end.roundedUp(toMultipleOf: Self.alignment(of: plane.offset))
      let count = shape(ofPlane: index).rows(down: rows)
      end = offset + plane.pitch * count
      return Plane(offset: offset, pitch: plane.pitch, rows: count)
    }
    var layout = ImageLayout(
      width: width, height: rows, format: format, planes: Planes(cut), shapes: shapes,
      size: end.roundedUp(toMultipleOf: Self.alignment(of: size)))
    (layout.colour, layout.alpha, layout.sampling) = (colour, alpha, sampling)
    return layout
  }

  /// The most that drivers ask for of where planes begin and images end: bytes.
  package static let largestAlignment = 1 << 16

  private static func alignment(of place: Int) -> Int {
    place == 0 ? 1 : min(place & -place, largestAlignment)
  }

  private func shape(ofPlane index: Int) -> PlaneShape {
    precondition(shapes.indices.contains(index), "\(format) has no plane \(index) that is known")
    return shapes[index]
  }
}

/// Width and height of an image in pixels.
public struct ImageSize: Hashable, Sendable {
  public var width, height: Int

  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }
}

extension ImageSize: CustomStringConvertible {
  public var description: String { "\(width)x\(height)" }
}

extension ImageSize: LosslessStringConvertible {
  /// Reads `1920x1080`: two decimal numbers of at most `Int.max`, without sign; else nil.
  public init?(_ description: String) {
    let numbers = description.utf8.split(
      separator: UInt8(ascii: "x"), omittingEmptySubsequences: false)
    guard numbers.count == 2, let width = Self.number(numbers[0]),
      let height = Self.number(numbers[1])
    else { return nil }
    self.init(width: width, height: height)
  }

  private static func number(_ digits: Substring.UTF8View) -> Int? {
    digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      ? Int(Substring(digits)) : nil
  }
}
