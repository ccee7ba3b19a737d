public import SystemPackage
public import TexAlloc

/// What is to become a texture, how, and how soon.
///
/// ```swift
/// var request = AssetRequest("photo.jpg", .visible)
/// request.decoding.size = .fill(ImageSize(width: 256, height: 256))
/// ```
public struct AssetRequest: Sendable {
  enum Source: Sendable {
    case path(FilePath)
    case opened(ImageSource)
  }

  let source: Source
  /// Which of several goes first.
  public var priority: AssetPriority
  /// How large it is to be shown, which part of it, as planes or not, or only its thumbnail, for which the
  /// first 256 KiB of a file are read; what becomes of damaged files, and of colour profiles. What a decoder
  /// cannot give of it is an error.
  public var decoding = DecodingOptions()
  /// What pixels it may be decoded to, most wanted first; the decoder's choice where nil.
  public var formats: [Fourcc]?
  /// Whether the texture says how the file wants to be turned; else it is to be shown as it is stored.
  /// Pixels are never turned; a region and a size are those of the upright picture either way.
  public var isOriented = true
  /// Whether the texture has mipmaps: for pictures that are shown much smaller than they are. It is a copy
  /// of the GPU's own then; none is imported.
  public var isMipmapped = false
  /// Who finishes the decoding of a photograph; where nil, what the loader was made with, or whoever is known
  /// to be the better one: `EGLDevice/finisher(of:as:demanded:)`. Where the GPU is demanded and cannot, the CPU
  /// does it. The texture says who it was, and why not the GPU.
  public var finisher: Finisher?
  /// Whether a file is decoded though it failed before and has not changed since.
  public var retriesFailure = false

  /// A regular file, or a link to one. Until it is loaded, equal requests of one path are one.
  public init(_ path: FilePath, _ priority: AssetPriority = .normal) {
    source = .path(path)
    self.priority = priority
  }

  /// Bytes in memory, or an open file by its descriptor.
  public init(_ source: ImageSource, _ priority: AssetPriority = .normal) {
    self.source = .opened(source)
    self.priority = priority
  }

  /// What errors call it: the path, or the name of the source.
  public var name: String {
    switch source {
    case .path(let path): path.string
    case .opened(let source): source.name
    }
  }
}

extension AssetRequest: ExpressibleByStringLiteral {
  /// A file of this path.
  public init(stringLiteral path: String) { self.init(FilePath(path)) }
}

/// Which of several requests goes first: any number, the greatest first. Of equals, the one that was
/// asked for earlier, or given its priority earlier.
public struct AssetPriority: RawRepresentable, Hashable, Sendable {
  public let rawValue: Int32

  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// It is on the screen, and missed there.
  public static let visible = AssetPriority(rawValue: 100)
  public static let normal = AssetPriority(rawValue: 0)
  /// It may soon be on the screen.
  public static let ahead = AssetPriority(rawValue: -100)
  /// It was on the screen, and may come back.
  public static let past = AssetPriority(rawValue: -200)
}

extension AssetPriority: Comparable {
  public static func < (left: AssetPriority, right: AssetPriority) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// What requests have in common that give the same texture.
struct AssetKey: Hashable {
  private let path: FilePath
  private let decoding: DecodingOptions
  private let formats: [Fourcc]?
  private let isMipmapped: Bool
  private let finisher: Finisher?

  /// nil for a source of which nobody knows whether another is the same.
  init?(_ request: AssetRequest) {
    guard case .path(let path) = request.source else { return nil }
    self.path = path
    decoding = request.decoding
    formats = request.formats
    isMipmapped = request.isMipmapped
    finisher = request.finisher
  }
}
