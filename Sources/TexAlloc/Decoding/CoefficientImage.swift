/// A picture that can be had as coefficients.
public protocol CoefficientImage: EncodedImage {
  /// nil where it surely cannot.
  var coefficientFormat: CoefficientFormat? { get }

  /// Decodes as far as coefficients, without any call of a GPU's.
  ///
  /// - Parameters:
  ///   - memory: Where they are written.
  ///   - goOn: As of ``EncodedImage/decode(into:on:goOn:)``.
  /// - Throws: `odd` where the file is to be decoded to pixels, which then finds out what it is.
  func coefficients(
    in memory: CoefficientMemory, goOn: @Sendable (_ done: Double) -> Bool
  ) throws(CoefficientsRefused) -> CoefficientStream
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

  private let pool: TexturePool
  private let flags: AllocationFlags

  /// - Parameters:
  ///   - pool: Made for the device that is to make pixels of them.
  ///   - flags: Besides ``AllocationFlags/coefficients``.
  public init(of pool: TexturePool, for flags: AllocationFlags = []) {
    self.pool = pool
    self.flags = flags.union(.coefficients)
  }

  /// Bytes that begin on a line.
  ///
  /// - Parameter size: At most ``largestPiece``; whole rows are given.
  package func makePiece(
    of size: Int, named name: String
  ) throws(AllocationError) -> TextureBuffer {
    var image = Self.image
    image.height = max(1, size.dividedRoundingUp(by: Self.rowSize))
    return try pool.allocate(image, for: flags, named: name)
  }
}
