/// An image before it has memory: its size, who will write it, and what its pixels mean.
public struct ImageDescriptor: Hashable, Sendable {
  /// Pixels.
  public var width, height: Int
  /// What the one that writes the pixels can live with: a decoder, a camera, the application.
  public var writer: BufferAttributes {
    get { writing.attributes }
    set { writing = ImageWriter(newValue) }
  }
  private(set) var writing: ImageWriter
  /// What the writer's numbers mean as colours.
  public var colour: Colour
  /// What the fourth channel will say of the others; nothing in formats without one.
  public var alpha: Alpha
  /// What a shader gets of the numbers.
  public var sampling = Sampling.asStored
  /// The planes of the formats: those that the library knows, and what is added to them here.
  public var table = FormatTable.known

  public init(
    width: Int, height: Int, writtenBy writer: BufferAttributes, colour: Colour = .picture,
    alpha: Alpha = .premultiplied
  ) {
    self.width = width
    self.height = height
    writing = ImageWriter(writer)
    self.colour = colour
    self.alpha = alpha
  }

  /// An image that the application writes itself, row by row, in one of these formats.
  public init(
    width: Int, height: Int, formats: [Fourcc], colour: Colour = .picture,
    alpha: Alpha = .premultiplied
  ) {
    self.init(
      width: width, height: height, writtenBy: .rowWriter("application", of: formats),
      colour: colour, alpha: alpha)
  }

  public var size: ImageSize { ImageSize(width: width, height: height) }

  /// The formats that the writer names, most wanted first.
  public var formats: [Fourcc] { writer.formats?.map(\.fourcc) ?? [] }

  /// The layout that was found for it, if one was, with what its pixels mean.
  ///
  /// - Throws: `noFormat`.
  func meaning(of layout: ImageLayout?) throws(AllocationError) -> ImageLayout {
    guard var layout else { throw .noFormat(self) }
    (layout.colour, layout.alpha, layout.sampling) = (colour, alpha, sampling)
    return layout
  }
}

/// What the writer of an image can live with, which is much, and which copies of a descriptor share.
final class ImageWriter: Sendable {
  let attributes: BufferAttributes

  init(_ attributes: BufferAttributes) { self.attributes = attributes }
}

extension ImageWriter: Hashable {
  static func == (left: ImageWriter, right: ImageWriter) -> Bool {
    left === right || left.attributes == right.attributes
  }

  func hash(into hasher: inout Hasher) { hasher.combine(attributes) }
}

extension BufferAttributes {
  /// Somebody who writes images on the CPU by ``PlaneWriter``s: rows that begin on lines, of linear
  /// formats.
  ///
  /// - Parameter formats: Most wanted first.
  public static func rowWriter(_ name: String, of formats: [Fourcc]) -> BufferAttributes {
    BufferAttributes(name: name) {
      $0.formats = formats.map { Format($0) }
      $0.pitchAlignment = PlaneWriter.lineSize
      $0.offsetAlignment = PlaneWriter.lineSize
      $0.cpuUsage = [.sequentialWrite]
    }
  }
}

/// What an image is for, and what its memory must be besides.
public struct AllocationFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// The GPU samples it.
  public static let texture = AllocationFlags(rawValue: 1 << 0)
  /// The GPU renders into it.
  public static let renderTarget = AllocationFlags(rawValue: 1 << 1)
  /// A display shows it.
  public static let scanout = AllocationFlags(rawValue: 1 << 2)
  /// A camera fills it.
  public static let capture = AllocationFlags(rawValue: 1 << 3)
  /// A hardware encoder reads it.
  public static let encode = AllocationFlags(rawValue: 1 << 4)
  /// A hardware decoder writes it.
  public static let decode = AllocationFlags(rawValue: 1 << 5)
  /// Beside ``texture``: the texture has mipmaps, which the GPU makes. It is a copy of the GPU's own then,
  /// since an image has room for one size: such images take no route that imports.
  public static let mipmapped = AllocationFlags(rawValue: 1 << 6)
  /// It is no picture but a part of a ``CoefficientStream``, of which the GPU makes one.
  public static let coefficients = AllocationFlags(rawValue: 1 << 7)

  /// The CPU reads it, too; without this, reading it is refused, whatever memory it has.
  public static let cpuRead = AllocationFlags(rawValue: 1 << 8)
  /// It shares its slab with no other image.
  public static let dedicated = AllocationFlags(rawValue: 1 << 9)
  /// Every byte of it is zero, those between the planes too.
  public static let zeroed = AllocationFlags(rawValue: 1 << 10)
  /// It may be shared with another process: it has a descriptor of its own, zeroed and sealed
  /// against shrinking, in which nothing else ever was or will be.
  public static let exportable = AllocationFlags(rawValue: 1 << 11)
  /// It is written again after a device has taken it: a page of glyphs, a frame of a video. Without
  /// this a device that shows a copy gives the memory back as soon as it has that.
  public static let rewritten = AllocationFlags(rawValue: 1 << 12)
}

extension AllocationFlags {
  private static let table: [(flag: AllocationFlags, name: String, usage: DeviceUsage?)] = [
    (.texture, "texture", .sample), (.renderTarget, "renderTarget", .render),
    (.scanout, "scanout", .scanout), (.capture, "capture", .capture), (.encode, "encode", .encode),
    (.decode, "decode", .decode), (.mipmapped, "mipmapped", .mipmap),
    (.coefficients, "coefficients", .finish), (.cpuRead, "cpuRead", nil),
    (.dedicated, "dedicated", nil),
    (.zeroed, "zeroed", nil), (.exportable, "exportable", nil), (.rewritten, "rewritten", nil),
  ]

  /// What devices do with it.
  public var deviceUsage: Set<DeviceUsage> {
    Set(Self.table.lazy.filter { contains($0.flag) }.compactMap(\.usage))
  }

  /// Those that decide where images have their memory.
  static let planned: AllocationFlags = [
    .texture, .renderTarget, .scanout, .capture, .encode, .decode, .mipmapped, .coefficients,
    .cpuRead,
  ]

  /// Those of images whose memory is needed when a device has a copy, too: others write it, or read it.
  static let kept: AllocationFlags = [
    .renderTarget, .scanout, .capture, .encode, .decode, .cpuRead, .exportable, .rewritten,
  ]

  /// Who may share the slab with it.
  var tenancy: Tenancy {
    contains(.exportable) ? .exported : contains(.dedicated) ? .alone : .shared
  }
}

extension AllocationFlags: CustomStringConvertible {
  /// Their names: `texture, cpuRead`.
  public var description: String {
    let known = Self.table.filter { contains($0.flag) }
    let others = subtracting(known.reduce([]) { $0.union($1.flag) }).rawValue
    let words = known.map(\.name) + (others == 0 ? [] : ["0x" + String(others, radix: 16)])
    return words.isEmpty ? "none" : words.joined(separator: ", ")
  }
}

/// What an allocation does when only fences that have not passed stand between it and memory.
public enum Waiting: Hashable, Sendable {
  /// Fails at once.
  case never
  /// Waits for the fences until there is memory or the time has come. Not for a thread that the fences
  /// themselves need.
  case until(ContinuousClock.Instant)
}
