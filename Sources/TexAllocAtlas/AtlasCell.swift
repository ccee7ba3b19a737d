/// The place of one small image on a page of an ``Atlas``.
public struct AtlasCell: Hashable, Sendable {
  /// Which page: ``AtlasPage/number``.
  public var page: Int { Int(pageNumber) }
  /// The pixels of the image; the border lies round them.
  public let rectangle: TexelRectangle
  private let pageNumber: Int32

  package init(page: Int, rectangle: TexelRectangle) {
    pageNumber = Int32(page)
    self.rectangle = rectangle
  }
}

/// A cell that the next flush writes whole, and where C draws it until then.
@safe package struct NewCell {
  // Four words, which are handed on in registers.
  package let cell: AtlasCell
  private let pitch: Int32
  @unsafe private let start: UnsafeMutablePointer<UInt8>

  /// - Parameter memory: Of the cell.
  @unsafe init(_ cell: AtlasCell, _ memory: CellMemory) {
    self.cell = cell
    unsafe start = memory.start
    pitch = Int32(memory.pitch)
  }

  package var memory: CellMemory { unsafe CellMemory(start: start, pitch: Int(pitch)) }
}
