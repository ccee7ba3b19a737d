public import TexAlloc

/// Small images of one format that share pages, so that a thousand of them cost a few textures.
///
/// ```swift
/// let atlas = Atlas(in: pool, for: gpu, page: ImageDescriptor(width: 1024, height: 1024, formats: [.abgr8888]))
/// let cell = try atlas.insert(width: 24, height: 24)
/// atlas.draw(in: cell) { pixels in … }
/// try atlas.flush()                                   // then draw what is on each page
/// for page in atlas.pages { draw(page.number, from: page.texture(on: gpu)) }
/// ```
///
/// Pages come as they are needed, are registered with the device by whatever route, and go when they have
/// been empty for a while. Round every image lies a border of empty pixels, so that linear filtering never
/// mixes neighbours. Not for images about as large as a page: they belong in a buffer of their own.
///
/// One thread at a time, that of the device; draw, ``flush()``, then let the GPU sample the pages.
public final class Atlas {
  /// Those that there are, in the order of their numbers.
  public private(set) var pages: [AtlasPage] = []
  /// How many pages there may be.
  public var pageLimit = Int.max
  /// Whether every cell is drawn once, and its place used again only when nobody draws it any more: then
  /// flushes wait for no copy.
  package var isOnlyAddedTo = false
  /// How many flushes a page stays empty before it is given back.
  public static let patience = 60
  private let pool: TexturePool
  private let device: (any Registrar)?
  private let descriptor: ImageDescriptor
  private let largest: ImageSize
  private let flags: AllocationFlags
  private let name: String
  package let border: Int
  /// Cells whose place comes back when their fence has passed.
  private var removed: [(cell: AtlasCell, fence: any Fence)] = []
  // No access to these encloses a call of anybody else's code.
  /// How many there are of those.
  @safe @exclusivity(unchecked) private var removedCount = 0
  /// By its number.
  @safe @exclusivity(unchecked) private var pageNumbers: [AtlasPage?] = []
  /// The number of the page where the last image went.
  @safe @exclusivity(unchecked) private var latest = 0
  /// The number of the page that is being filled.
  private var current = 0

  /// Takes no memory yet.
  ///
  /// - Parameters:
  ///   - device: Which samples the pages; nil where nobody does.
  ///   - page: Size and format of each page.
  ///   - largest: Pixels of the largest page, which only images get that would not fit otherwise; absent:
  ///     all pages are of one size.
  ///   - border: Empty pixels on each side of an image.
  ///   - flags: What pages are for; they are rewritten whatever is said here.
  ///   - name: What the pages are called in reports, with a number.
  public init(
    in pool: TexturePool, for device: (any Registrar)? = nil, page: ImageDescriptor,
    largest: ImageSize? = nil, border: Int = 1, flags: AllocationFlags = .texture,
    named name: String = "atlas"
  ) {
    precondition(border >= 0)
    self.pool = pool
    self.device = device
    descriptor = page
    self.largest = ImageSize(
      width: max(largest?.width ?? 0, page.width), height: max(largest?.height ?? 0, page.height))
    self.border = border
    self.flags = flags.union(.rewritten)
    self.name = name
  }

  /// The page of a number, as cells have it; nil where it was given back.
  public func page(_ number: Int) -> AtlasPage? {
    pageNumbers.indices.contains(number) ? pageNumbers[number] : nil
  }

  /// An empty cell of positive size in pixels, on a page with room, or else on a new one.
  ///
  /// - Throws: `AtlasError`; the atlas is as it was before.
  public func insert(width: Int, height: Int) throws(AtlasError) -> AtlasCell {
    try insertNew(width: width, height: height).cell
  }

  /// The same for C to draw.
  package func insertNew(width: Int, height: Int) throws(AtlasError) -> NewCell {
    if let new = insertOnPages(width: width, height: height) { return new }
    try refuseTooLarge(width: width, height: height)
    let (outerWidth, outerHeight) = (width + 2 * border, height + 2 * border)
    let fresh = try addPage(for: outerWidth, outerHeight)
    guard let place = fresh.insert(width: outerWidth, height: outerHeight) else {
      preconditionFailure("an empty page has no room for \(outerWidth)x\(outerHeight)")
    }
    return new(place, on: fresh)
  }

  /// The same without a new page; nil where there is no room.
  package func insertOnPages(width: Int, height: Int) -> NewCell? {
    precondition(width > 0 && height > 0)
    guard fits(width, height) else { return nil }
    if removedCount == 0, let page = page(latest),
      let place = page.insertAtOnce(width: width + 2 * border, height: height + 2 * border)
    {
      return new(place, on: page)
    }
    return search(width, height)
  }

  private func search(_ width: Int, _ height: Int) -> NewCell? {
    reclaim()
    let (outerWidth, outerHeight) = (width + 2 * border, height + 2 * border)
    if let page = page(latest), let place = page.insert(width: outerWidth, height: outerHeight) {
      return new(place, on: page)
    }
    for page in pages where page.number != latest {
      if let place = page.insert(width: outerWidth, height: outerHeight) {
        return new(place, on: page)
      }
    }
    return nil
  }

  /// - Throws: `AtlasError.tooLarge` for an image that fits on no page.
  package func refuseTooLarge(width: Int, height: Int) throws(AtlasError) {
    guard fits(width, height) else {
      throw .tooLarge(image: ImageSize(width: width, height: height), page: largest)
    }
  }

  @inline(__always)
  private func fits(_ width: Int, _ height: Int) -> Bool {
    width <= largest.width - 2 * border && height <= largest.height - 2 * border
  }

  /// Draws a cell, which is empty or as it was drawn last.
  public func draw<Failure: Error>(
    in cell: AtlasCell, _ body: (inout CellPixels) throws(Failure) -> Void
  ) throws(Failure) {
    try page(of: cell).draw(in: cell.rectangle, body)
  }

  /// Takes the place of a cell back. What it shows is nobody's concern any more.
  ///
  /// - Parameter fence: The end of every draw that samples it, if one may be under way: the place stays
  ///   as it is until it has passed, which is looked at when something is inserted or flushed.
  public func remove(_ cell: AtlasCell, after fence: (any Fence)? = nil) {
    if let fence, !fence.hasPassed {
      removed.append((cell, fence))
      removedCount += 1
    } else {
      page(of: cell).remove(cell.rectangle.inset(by: -border))
    }
  }

  /// The rows whose turn it is where pages are filled round and round: those behind what came last, or the
  /// first of the next page. nil where a page is smaller than what is wanted.
  ///
  /// - Parameter size: What is wanted. There are fewer rows where the page ends.
  package func rowsInTurn(_ size: ImageSize) -> AtlasRows? {
    guard let first = pages.first, let current = page(current) ?? pages.last else { return nil }
    let isOver = current.end >= current.size.height
    let page = isOver ? pages.first { $0.number > current.number } ?? first : current
    guard page.size.width >= size.width, page.size.height >= size.height else { return nil }
    let start = isOver ? 0 : page.end
    // What is left behind them is no use alone.
    let isLast = start + size.height * 3 / 2 >= page.size.height
    let end = isLast ? page.size.height : start + size.height
    return AtlasRows(page: page.number, rows: start..<end)
  }

  /// Takes the places of all cells back that touch some rows, borders included, for what comes next: more
  /// quickly than one by one, and with room for anything of the rows' size.
  ///
  /// - Parameter cells: All of them.
  package func clear(_ rows: AtlasRows, of cells: [AtlasCell]) {
    guard let page = page(rows.page) else { preconditionFailure("\(rows) are of no page") }
    page.clear(rows.rows, of: cells.map { $0.rectangle.inset(by: -border) })
    (latest, current) = (rows.page, rows.page)
  }

  /// Writes what changed to the pages' buffers, and has the device take note of it: to be called before
  /// the GPU samples them. Pages that have been empty for a while are given back.
  ///
  /// - Returns: What was written.
  /// - Throws: `RegistrationRefused` where the device does not take a page; what it does not know of is
  ///   told the next time.
  @discardableResult
  public func flush() throws(RegistrationRefused) -> AtlasFlush {
    reclaim()
    var total = AtlasFlush()
    for page in pages {
      try page.flush(to: device)
      guard let flush = page.lastFlush else { continue }
      total.pages += 1
      total.byteCount += flush.byteCount
    }
    if pages.contains(where: { $0.emptyFlushes >= Self.patience }) {
      dropEmptyPages(after: Self.patience)
    }
    return total
  }
}

extension Atlas {
  private func page(of cell: AtlasCell) -> AtlasPage {
    guard let page = pageNumbers[cell.page] else { preconditionFailure("\(cell) was removed") }
    return page
  }

  /// Takes the places back whose fences have passed.
  private func reclaim() {
    guard removedCount > 0 else { return }
    let waiting = removed
    (removed, removedCount) = ([], 0)
    for (cell, fence) in waiting { remove(cell, after: fence) }
  }

  @inline(__always)
  private func new(_ place: TexelRectangle, on page: AtlasPage) -> NewCell {
    latest = page.number
    let rectangle = place.inset(by: border)
    return unsafe NewCell(
      AtlasCell(page: page.number, rectangle: rectangle), page.memory(of: rectangle))
  }

  private func addPage(for width: Int, _ height: Int) throws(AtlasError) -> AtlasPage {
    guard pages.count < pageLimit else { throw .full(pages: pages.count) }
    var image = descriptor
    if width > image.width || height > image.height {
      image.width = min(width.roundedUp(toMultipleOf: PlaneWriter.lineSize), largest.width)
      image.height = height
    }
    let number = pageNumbers.firstIndex { $0 == nil } ?? pageNumbers.count
    let buffer: TextureBuffer
    do {
      buffer = try pool.allocate(image, for: flags, named: "\(name) \(number)")
    } catch {
      guard pages.contains(where: \.isEmpty) else { throw .noPage(error) }
      // What is empty is too small for this one, but may be in its way.
      dropEmptyPages(after: 0)
      return try addPage(for: width, height)
    }
    buffer.isAddedTo = isOnlyAddedTo
    let page = try AtlasPage(buffer, number: number)
    if number == pageNumbers.count { pageNumbers.append(page) } else { pageNumbers[number] = page }
    pages = pageNumbers.compactMap(\.self)
    current = number
    return page
  }

  private func dropEmptyPages(after flushes: Int) {
    for page in pages where page.isEmpty && page.emptyFlushes >= flushes {
      pageNumbers[page.number] = nil
    }
    pages = pageNumbers.compactMap(\.self)
  }
}

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

/// Some rows of a page of an ``Atlas``.
package struct AtlasRows: Equatable, Sendable {
  package let page: Int
  package let rows: Range<Int>

  package init(page: Int, rows: Range<Int>) {
    self.page = page
    self.rows = rows
  }
}

/// A cell that the next flush writes whole, and where C draws it until then.
@safe package struct NewCell {
  // Four words, which are handed on in registers.
  package let cell: AtlasCell
  private let pitch: Int32
  @unsafe private let start: UnsafeMutablePointer<UInt8>

  /// - Parameter memory: Of the cell.
  @unsafe fileprivate init(_ cell: AtlasCell, _ memory: CellMemory) {
    self.cell = cell
    unsafe start = memory.start
    pitch = Int32(memory.pitch)
  }

  package var memory: CellMemory { unsafe CellMemory(start: start, pitch: Int(pitch)) }
}

/// What one flush of an ``Atlas`` wrote.
public struct AtlasFlush: Hashable, Sendable {
  /// How many pages had changed.
  public var pages = 0
  /// Bytes of the lines that were drawn.
  public var byteCount = 0

  public init() {}
}

/// Why a small image got no place. The atlas is as it was before.
public enum AtlasError: Error, Hashable, Sendable {
  /// With its border, the image does not fit on an empty page; both in pixels.
  case tooLarge(image: ImageSize, page: ImageSize)
  /// Pages of this format have several planes, or pixels that share bytes.
  case unsupported(Format)
  /// All pages are full, and there may be no more of them.
  case full(pages: Int)
  /// All pages are full, and the pool has none to add.
  case noPage(AllocationError)
}

extension AtlasError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tooLarge(let image, let page):
      "an image of \(image) pixels and its border do not fit on a page of \(page)"
    case .unsupported(let format):
      "\(format): an atlas takes formats of one plane whose pixels are whole bytes of their own"
    case .full(let pages): "all pages are full, and there may be \(pages)"
    case .noPage(let error): "all pages are full: \(error)"
    }
  }
}
