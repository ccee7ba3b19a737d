public import SystemPackage

/// Why there is no picture, whoever decodes it.
public struct ImageDecodingError: Error, Hashable, Sendable {
  public enum Reason: Hashable, Sendable {
    /// The file could not be opened or read.
    case unreadable(Errno)
    /// A directory, a pipe, a device: what it is.
    case notAFile(String)
    /// Nothing is in it.
    case empty
    /// It is not of the kind that was expected: what it seems to be instead.
    case unrecognized(String)
    /// It is of that kind, but uses what cannot be decoded.
    case unsupported(String)
    /// It ends before its image does.
    case truncated(Place)
    /// Pixels are lost; in the words of the decoder.
    case damaged(String, Place)
    /// More of something, as `pixels`, than a limit of the decoder allows.
    case tooMuch(String, found: Int, limit: Int)
    /// The region that was asked for does not lie within the picture, or has no pixel.
    case badRegion(ImageRegion, picture: ImageSize)
    /// The size that was asked for has no pixel.
    case badSize(ImageSize)
    /// There is no thumbnail in the file, or none that is right: why.
    case noThumbnail(String)
    /// The buffer is not one that the picture can be decoded into. It is as it was.
    case unsuitableBuffer(field: String, wanted: String, held: String)
    /// Somebody writes or reads the buffer just now. It is as it was.
    case bufferInUse(String)
    /// The device has copied the buffer, which was not allocated to be rewritten: its memory is the pool's.
    case spentBuffer(String)
    /// The caller did not want to go on.
    case cancelled
    /// The decoder got no memory.
    case outOfMemory
  }

  /// How far a file is right.
  public enum Place: Hashable, Sendable {
    case header
    /// Rows as they are stored, of the whole picture at the scale that it is decoded to, from 0: this one
    /// is the first that may be lost.
    case row(Int)
    /// Passes over the whole image, from 1, each of which makes it finer: this one is not whole.
    case scan(Int)
    /// No row is lost.
    case end
  }

  /// The path of the file, or what the bytes were called.
  public let name: String
  public let reason: Reason

  public init(_ name: String, _ reason: Reason) {
    self.name = name
    self.reason = reason
  }

  /// Whether the file may be sound, but asks for what this decoder cannot do, rather than that
  /// something failed.
  public var isUnsupported: Bool {
    if case .unsupported = reason { true } else { false }
  }

  /// Whether it is about the buffer, which is as it was.
  package var isOfBuffer: Bool {
    switch reason {
    case .unsuitableBuffer, .bufferInUse, .spentBuffer: true
    default: false
    }
  }
}

extension ImageDecodingError: CustomStringConvertible {
  public var description: String { "\(name): \(reason)" }
}

extension ImageDecodingError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let errno): "\(errno)"
    case .notAFile(let kind): "is \(kind), not a file"
    case .empty: "is empty"
    case .unrecognized(let kind): "seems to be \(kind)"
    case .unsupported(let what): "not supported: \(what)"
    case .truncated(let place): "the file ends before its image does, \(place)"
    case .damaged(let message, let place): "damaged \(place): \(message)"
    case .tooMuch(let what, let found, let limit):
      "\(what): \(found) or more; the limit is \(limit)"
    case .badRegion(let region, let size):
      "the region \(region) is no part of a picture of \(size)"
    case .badSize(let size): "the size \(size) has no pixel: at least 1x1"
    case .noThumbnail(let why): "no thumbnail: \(why)"
    case .unsuitableBuffer(let field, let wanted, let held):
      "cannot be decoded into this buffer: \(field): wanted \(wanted), held \(held)"
    case .bufferInUse(let why), .spentBuffer(let why):
      "cannot be decoded into this buffer: \(why)"
    case .cancelled: "cancelled"
    case .outOfMemory: "no memory to decode it"
    }
  }
}

extension ImageDecodingError.Place: CustomStringConvertible {
  public var description: String {
    switch self {
    case .header: "in its header"
    case .row(let row): "at row \(row)"
    case .scan(let scan): "in scan \(scan)"
    case .end: "behind its last row"
    }
  }
}

extension TextureBuffer {
  /// The writer of a plane for a decoder, which has checked that the CPU writes the image.
  ///
  /// - Parameter picture: What its errors call the picture.
  /// - Throws: `bufferInUse`, `spentBuffer`.
  @_lifetime(borrow self)
  package func writer(
    ofPlane plane: Int = 0, decoding picture: String
  ) throws(ImageDecodingError) -> PlaneWriter {
    do throws(WritingRefused) {
      let writing = try PlaneWriting(ofFree: plane, in: self)
      // As of `writer(ofPlane:)`.
      return unsafe PlaneWriter(
        bytes(ofPlane: plane), pitch: layout.planes[plane].pitch,
        rowSize: layout.rowSize(ofPlane: plane), rowCount: layout.rowCount(ofPlane: plane),
        during: writing)
    } catch {
      let isSpent = error.reason == .spent
      throw ImageDecodingError(
        picture, isSpent ? .spentBuffer("\(error)") : .bufferInUse("\(error)"))
    }
  }
}
