/// A picture that can be had as coefficients.
public protocol CoefficientImage: EncodedImage {
  /// nil where it surely cannot.
  var coefficientFormat: CoefficientFormat? { get }
  /// Of all the pixels that the file has coefficients of: at least those of the header.
  var coefficientSize: ImageSize { get }

  /// Decodes as far as coefficients, without any call of a GPU's.
  ///
  /// - Parameters:
  ///   - memory: Where they are written.
  ///   - workers: Threads that it may use besides; the calling one is enough.
  ///   - goOn: As of ``EncodedImage/decode(into:on:goOn:)``.
  /// - Throws: `odd` where the file is to be decoded to pixels, which then finds out what it is.
  func coefficients(
    in memory: CoefficientMemory, on workers: any Workers,
    goOn: @Sendable (_ done: Double) -> Bool
  ) throws(CoefficientsRefused) -> CoefficientStream

  /// A small known picture of the same format, decoded both ways: what a device is checked with.
  ///
  /// - Parameter format: What is made of it: of those of the format's
  ///   ``CoefficientFormat/pictureFormats``.
  func coefficientSample(
    _ size: ImageSize, as format: Fourcc, in memory: CoefficientMemory
  ) throws(CoefficientsRefused) -> CoefficientSample
}

/// A small picture that was decoded both ways on the CPU, as far as coefficients and as far as pixels.
public struct CoefficientSample: Sendable {
  public let stream: CoefficientStream
  /// The bytes of each plane of ``CoefficientStream/pictureFormat``, row by row, without padding.
  public let planes: [[UInt8]]
  /// The thread's processor time of each way.
  public let streaming, decoding: Duration

  public init(
    _ stream: CoefficientStream, planes: [[UInt8]], streaming: Duration, decoding: Duration
  ) {
    self.stream = stream
    self.planes = planes
    self.streaming = streaming
    self.decoding = decoding
  }
}

/// Why a picture is not had as coefficients.
public enum CoefficientsRefused: Error, Hashable, Sendable {
  /// The file is not one for this way, whether something is wrong with it or not: what is unusual.
  case odd(String)
  case noMemory(AllocationError)
  /// It could not be read, costs too much, or was cancelled.
  case failed(ImageDecodingError)
}

extension CoefficientsRefused: CustomStringConvertible {
  public var description: String {
    switch self {
    case .odd(let what): "not as usual: \(what)"
    case .noMemory(let error): "\(error)"
    case .failed(let error): "\(error)"
    }
  }
}

/// Where coefficient streams get their memory.
public struct CoefficientMemory: Sendable {
  private static let rowSize = 4096
  private static let image = ImageDescriptor(
    width: rowSize, height: 1, writtenBy: .rowWriter("coefficients", of: [.r8]))
  /// Bytes that are asked for at once, at most: images of so many rows every device takes.
  public static let largestPiece = 2048 * rowSize

  private enum Source {
    case pool(TexturePool, AllocationFlags)
    case trial(any Heap)
  }

  private let source: Source

  /// - Parameters:
  ///   - pool: Made for the device that is to make pixels of them.
  ///   - flags: Besides ``AllocationFlags/coefficients``.
  public init(of pool: TexturePool, for flags: AllocationFlags = []) {
    source = .pool(pool, flags.union(.coefficients))
  }

  /// For trying a device, outside of every budget.
  package init(trying heap: any Heap) { source = .trial(heap) }

  /// Bytes that begin on a line.
  ///
  /// - Parameter size: At most ``largestPiece``; whole rows are given.
  package func makePiece(
    of size: Int, named name: String
  ) throws(AllocationError) -> TextureBuffer {
    let rows = max(1, size.dividedRoundingUp(by: Self.rowSize))
    switch source {
    case .pool(let pool, let flags):
      var image = Self.image
      image.height = rows
      return try pool.allocate(image, for: flags, named: name)
    case .trial(let heap):
      let layout = ImageLayout(
        width: Self.rowSize, height: rows, format: Format(.r8),
        planes: [.init(offset: 0, pitch: Self.rowSize, rows: rows)], size: rows * Self.rowSize)
      return try TrialMemory.makeBuffer(layout, alignment: PlaneWriter.lineSize, from: heap)
    }
  }
}
