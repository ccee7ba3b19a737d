public import TexAlloc

/// Small images of one format that share pages, so that a thousand of them cost a few textures.
///
/// Round every image lies a border of empty pixels, so that linear filtering never mixes neighbours.
/// Not for images about as large as a page: they belong in a buffer of their own.
///
/// One thread at a time; draw, ``flush()``, then let the GPU sample the pages.
public final class Atlas {
  /// The pages; they stay, in this order.
  public private(set) var pages: [AtlasPage] = []
  private let pool: TexturePool
  private let descriptor: ImageDescriptor
  private let flags: AllocationFlags
  private let name: String
  private let border: Int
  /// Cells whose place comes back when their fence has passed.
  private var removed: [(cell: AtlasCell, fence: any Fence)] = []

  /// Takes no memory yet.
  ///
  /// - Parameters:
  ///   - page: Size and format of each page.
  ///   - border: Empty pixels on each side of an image.
  ///   - flags: What pages are for; they are rewritten whatever is said here.
  ///   - name: What the pages are called in reports, with a number.
  public init(
    in pool: TexturePool, page: ImageDescriptor, border: Int = 1,
    for flags: AllocationFlags = .texture, named name: String = "atlas"
  ) {
    precondition(border >= 0)
    self.pool = pool
    descriptor = page
    self.border = border
    self.flags = flags.union(.rewritten)
    self.name = name
  }

  /// An empty cell of positive size in pixels, on the first page with room, or else on a new one.
  public func insert(width: Int, height: Int) throws(AtlasError) -> AtlasCell {
    precondition(width > 0 && height > 0)
    let page = ImageSize(width: descriptor.width, height: descriptor.height)
    guard width <= page.width - 2 * border, height <= page.height - 2 * border else {
      throw .tooLarge(image: ImageSize(width: width, height: height), page: page)
    }
    let (outerWidth, outerHeight) = (width + 2 * border, height + 2 * border)
    reclaim()
    for index in pages.indices {
      if let place = pages[index].insert(width: outerWidth, height: outerHeight) {
        return cell(place, onPage: index)
      }
    }
    let fresh = try makePage()
    guard let place = fresh.insert(width: outerWidth, height: outerHeight) else {
      preconditionFailure("an empty page has no room for \(outerWidth)x\(outerHeight)")
    }
    pages.append(fresh)
    return cell(place, onPage: pages.endIndex - 1)
  }

  /// Draws a cell, which is empty or as it was drawn last.
  public func draw<Failure: Error>(
    in cell: AtlasCell, _ body: (inout CellPixels) throws(Failure) -> Void
  ) throws(Failure) {
    try pages[cell.page].draw(in: cell.rectangle, body)
  }

  /// Empties a cell and takes its place back.
  ///
  /// - Parameter fence: The end of every draw that samples it, if one may be under way: the place stays
  ///   as it is until it has passed, which is looked at when something is inserted or flushed.
  public func remove(_ cell: AtlasCell, after fence: (any Fence)? = nil) {
    if let fence, !fence.hasPassed {
      removed.append((cell, fence))
    } else {
      pages[cell.page].remove(cell.rectangle.inset(by: -border))
    }
  }

  /// Takes the places back whose fences have passed.
  private func reclaim() {
    guard !removed.isEmpty else { return }
    let waiting = removed
    removed = []
    for (cell, fence) in waiting { remove(cell, after: fence) }
  }

  /// Writes what changed to the pages' buffers: to be called before the GPU samples them.
  ///
  /// - Returns: For each page, what was written to it; nil where nothing had changed.
  @discardableResult
  public func flush() -> [AtlasPage.Flush?] {
    reclaim()
    return pages.map { $0.flush() }
  }

  private func cell(_ place: TexelRectangle, onPage page: Int) -> AtlasCell {
    AtlasCell(page: page, rectangle: place.inset(by: border))
  }

  private func makePage() throws(AtlasError) -> AtlasPage {
    let buffer: TextureBuffer
    do {
      buffer = try pool.allocate(descriptor, for: flags, named: "\(name) \(pages.count)")
    } catch {
      throw .noPage(error)
    }
    return try AtlasPage(buffer)
  }
}

/// The place of one small image on a page of an ``Atlas``.
public struct AtlasCell: Hashable, Sendable {
  /// Which page: an index of ``Atlas/pages``.
  public let page: Int
  /// The pixels of the image; the border lies round them.
  public let rectangle: TexelRectangle
}

/// Why a small image got no place. The atlas is as it was before.
public enum AtlasError: Error, Hashable, Sendable {
  /// With its border, the image does not fit on an empty page; both in pixels.
  case tooLarge(image: ImageSize, page: ImageSize)
  /// Pages of this format have several planes, or pixels that share bytes.
  case unsupported(Format)
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
    case .noPage(let error): "all pages are full: \(error)"
    }
  }
}
