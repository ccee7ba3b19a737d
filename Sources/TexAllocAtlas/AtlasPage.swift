public import TexAlloc

/// One image that holds many small ones.
///
/// They are drawn into a *shadow* of the page in ordinary memory, where drawing may read and write
/// as it likes; ``Atlas/flush()`` then writes the lines that changed to the buffer, whole and in order,
/// and has the device copy them where it samples a copy. A line that others share is written with the
/// pixels that they have there already, so draws under way see no change.
public final class AtlasPage {
  /// What one flush wrote.
  public struct Flush: Hashable, Sendable {
    /// Every line that changed lies in one of these rows: the first time in any.
    public let rows: Range<Int>
    /// Bytes of the lines that were drawn. The first flush writes all others, too, as zeros.
    public let byteCount: Int
  }

  /// What cells call it by. A page that comes later may have that of one that was given back.
  public let number: Int
  /// The memory that the GPU samples, or has copied.
  public let buffer: TextureBuffer
  /// What the device made of the page; nil before the first flush, and without a device.
  public private(set) var registration: (any Registration)?
  /// What the last flush wrote; nil where nothing had changed.
  public private(set) var lastFlush: Flush?
  /// For how many flushes it has been empty.
  private(set) var emptyFlushes = 0
  // No access to these encloses a call of anybody else's code.
  @safe @exclusivity(unchecked) private var packer: SkylinePacker
  /// A size for which there was no room; 0 when there may be by now.
  @safe @exclusivity(unchecked) private var refused = (width: 0, height: 0)
  private let shadow: PageShadow
  /// Whether the shadow may have something of places that are not there any more.
  private var hasRemnants = false
  /// Rows that the buffer has and the device has not been told of.
  private var untold = 0..<0

  /// Writes nothing yet: the first flush writes the whole buffer, so that nothing of its earlier life
  /// is sampled.
  init(_ buffer: TextureBuffer, number: Int) throws(AtlasError) {
    let layout = buffer.layout
    guard layout.shapes.count == 1, layout.shapes[0].isPixels else {
      throw .unsupported(layout.format)
    }
    self.number = number
    self.buffer = buffer
    packer = SkylinePacker(width: layout.width, height: layout.height)
    shadow = PageShadow(
      pixelSize: layout.shapes[0].bytesPerElement, pitch: layout.planes[0].pitch,
      rowCount: layout.height)
  }

  /// Pixels.
  public var size: ImageSize {
    ImageSize(width: packer.width, height: packer.height)
  }

  /// The part of the page that cells take, their borders among it: 0 to 1.
  public var occupancy: Double {
    Double(packer.usedArea) / Double(size.width * size.height)
  }

  /// What a device made of the page: its texture. nil before the first flush, or where the atlas is for
  /// another device.
  public func texture<Device: Registrar>(on device: Device) -> Device.Handle? {
    registration as? Device.Handle
  }

  var isEmpty: Bool { packer.count == 0 }

  /// An empty place, which the next flush writes whole; nil where the page has no room.
  func insert(width: Int, height: Int) -> TexelRectangle? {
    if refused.width > 0, width >= refused.width, height >= refused.height { return nil }
    guard let place = packer.insert(width: width, height: height) else {
      refused = (width, height)
      return nil
    }
    // Whoever draws without ever flushing takes no more memory for it.
    if packer.newCount >= Self.mostNew { markNew() }
    return place
  }

  /// The same where that takes no search.
  @inline(__always)
  func insertAtOnce(width: Int, height: Int) -> TexelRectangle? {
    packer.insertInStrip(width: width, height: height)
  }

  private static let mostNew = 4096

  private func markNew() { packer.tellNew(shadow.touch) }

  /// Takes a place back, which the shadow has empty for the next.
  func remove(_ place: TexelRectangle) {
    shadow.erase(place)
    let room = packer.remove(place)
    if isEmpty, hasRemnants { eraseRemnants() }
    if refused.width > 0, room.fits(width: refused.width, height: refused.height) {
      refused = (0, 0)
    }
  }

  /// The row from which on nothing is free below what came last.
  var end: Int { packer.end }

  /// Whether there would be room in some rows if they were cleared, above what stays not counted.
  ///
  /// - Parameter kept: What stays.
  func fits(_ size: ImageSize, in rows: Range<Int>, around kept: [TexelRectangle]) -> Bool {
    packer.fits(width: size.width, height: size.height, in: rows, around: kept)
  }

  /// Takes places back that touch some rows, for what comes next.
  ///
  /// - Parameters:
  ///   - places: Those that go.
  ///   - kept: All others that touch the rows.
  func clear(_ rows: Range<Int>, of places: [TexelRectangle], around kept: [TexelRectangle]) {
    packer.clear(rows, of: places, around: kept)
    shadow.erase(rows, around: kept)
    // What reached out of the rows is erased with others.
    hasRemnants = true
    if isEmpty { eraseRemnants() }
    refused = (0, 0)
  }

  private func eraseRemnants() {
    shadow.erase(0..<size.height, around: [])
    hasRemnants = false
  }

  func draw<Failure: Error>(
    in rectangle: TexelRectangle, _ body: (inout CellPixels) throws(Failure) -> Void
  ) throws(Failure) {
    try shadow.draw(in: rectangle, body)
  }

  /// Where a rectangle is drawn that was inserted since the last flush.
  @inline(__always)
  func memory(of rectangle: TexelRectangle) -> CellMemory { shadow.memory(of: rectangle) }

  func flush(to device: (any Registrar)?) throws(RegistrationRefused) {
    emptyFlushes = isEmpty ? emptyFlushes + 1 : 0
    markNew()
    lastFlush = shadow.flush(to: buffer)
    if let lastFlush { untold = untold.isEmpty ? lastFlush.rows : untold.union(lastFlush.rows) }
    guard let device, !untold.isEmpty else { return }
    if let registration {
      try registration.contentsChanged(rows: untold)
    } else {
      registration = try device.registration(for: buffer)
    }
    untold = 0..<0
  }

  /// Lets somebody else hand over what the page is to hold: its bytes, and those of a row.
  package func withShadow<Result>(_ body: (Span<UInt8>, _ pitch: Int) -> Result) -> Result {
    shadow.withBytes(body)
  }

  /// What the page holds, or will after the next flush: rows of ``size``, without padding.
  public var pixels: [UInt8] { shadow.pixels(width: size.width) }
}

extension Range<Int> {
  /// The shortest that holds both, of which none is empty.
  func union(_ other: Range<Int>) -> Range<Int> {
    Swift.min(lowerBound, other.lowerBound)..<Swift.max(upperBound, other.upperBound)
  }
}

/// The pixels of one cell in ordinary memory, to be drawn: rows of bytes, the border aside.
public struct CellPixels: ~Copyable, ~Escapable {
  /// Bytes of a row.
  public let rowSize: Int
  public let rowCount: Int
  /// Bytes from one row to the next; those between belong to others.
  public let pitch: Int
  private let first: Int
  private var page: MutableSpan<UInt8>

  /// - Parameter first: Bytes from the start of the page to the first row.
  @_lifetime(copy page)
  init(
    _ page: consuming MutableSpan<UInt8>, first: Int, pitch: Int, rowSize: Int, rowCount: Int
  ) {
    precondition(0 <= first && first + (rowCount - 1) * pitch + rowSize <= page.count)
    self.first = first
    self.pitch = pitch
    self.rowSize = rowSize
    self.rowCount = rowCount
    self.page = page
  }

  /// One row, from 0 at the top.
  @_lifetime(&self)
  public mutating func row(_ y: Int) -> MutableSpan<UInt8> {
    precondition(0 <= y && y < rowCount, "row \(y) of \(rowCount)")
    let start = first + y * pitch
    return page.part(start..<start + rowSize)
  }
}

/// Where C draws a cell: as long as its page lives and the cell is not removed.
@safe package struct CellMemory {
  /// The first of its rows, which are as wide and as many as the cell's.
  @unsafe package let start: UnsafeMutablePointer<UInt8>
  /// Bytes from one row to the next; those between belong to others.
  package let pitch: Int

  @unsafe package init(start: UnsafeMutablePointer<UInt8>, pitch: Int) {
    unsafe self.start = start
    self.pitch = pitch
  }
}

extension MutableSpan {
  /// The elements of a range, for as long as this is not used itself. The one place that knows the
  /// standard library's provisional name.
  @_lifetime(&self)
  mutating func part(_ range: Range<Int>) -> Self { _mutatingExtracting(range) }
}
