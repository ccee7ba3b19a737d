internal import TexAlloc

/// A wall of pictures that scrolls: where each of them is, and where the input has it. It knows no OpenGL.
struct GalleryLayout {
  let size: ImageSize
  let count: Int
  private let columns: Int
  private let cell: (width: Double, height: Double)
  private let gap = 12.0
  static let captionHeight = 22.0

  init(of count: Int, size: ImageSize) {
    self.size = size
    self.count = count
    columns = max(2, size.width / 240)
    let width = (Double(size.width) - gap) / Double(columns)
    cell = (width, width * 0.7 + Self.captionHeight)
  }

  private var height: Double { Double(count.dividedRoundingUp(by: columns)) * cell.height + gap }

  /// Pixels from the top of the wall to the top of the picture: down to the end, as a finger flings it,
  /// with a rest after each fling; and at the end back, in one go.
  func scroll(atFrame frame: Int, of frames: Int) -> Double {
    let range = max(0, height - Double(size.height))
    let time = Double(frame) / Double(max(1, frames - 1))
    guard time < 0.8 else { return range * (1 - Self.eased((time - 0.8) / 0.2)) }
    let flings = 8.0
    let fling = (time / 0.8 * flings).rounded(.down)
    let part = time / 0.8 * flings - fling
    return range * (fling + Self.eased(min(1, part / 0.7))) / flings
  }

  private static func eased(_ part: Double) -> Double { part * part * (3 - 2 * part) }

  /// Where a picture is.
  func frame(of number: Int, scrolledBy scroll: Double) -> Page.Frame {
    Page.Frame(
      x: (gap + Double(number % columns) * cell.width).rounded(),
      y: (gap + Double(number / columns) * cell.height - scroll).rounded(),
      width: (cell.width - gap).rounded(),
      height: (cell.height - Self.captionHeight - gap).rounded())
  }

  /// The pictures that are seen, or would be that many screens further up or down.
  func pictures(scrolledBy scroll: Double, screens: Double = 0) -> Range<Int> {
    let margin = screens * Double(size.height)
    let first = Int(max(0, (scroll - margin) / cell.height))
    let last = Int(max(0, (scroll + Double(size.height) + margin) / cell.height))
    return min(count, first * columns)..<min(count, (last + 1) * columns)
  }
}
