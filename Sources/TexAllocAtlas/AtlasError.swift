public import TexAlloc

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
