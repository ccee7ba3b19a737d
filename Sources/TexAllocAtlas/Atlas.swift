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
  @safe @exclusivity(unchecked) var latest = 0
  /// The number of the page that is being filled.
  var current = 0

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

/// What one flush of an ``Atlas`` wrote.
public struct AtlasFlush: Hashable, Sendable {
  /// How many pages had changed.
  public var pages = 0
  /// Bytes of the lines that were drawn.
  public var byteCount = 0

  public init() {}
}
