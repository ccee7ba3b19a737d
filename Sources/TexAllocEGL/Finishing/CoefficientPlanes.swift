internal import TexAlloc

/// Where the samples of a picture lie between the two shaders, and how each component is made as large as
/// the picture.
struct CoefficientPlanes {
  struct Plane {
    /// Blocks that it has in each unit.
    let across, down: Int
    /// By how much it is smaller than the picture.
    let shrinkAcross, shrinkDown: Int
    /// Samples: of the picture.
    let width, height: Int
    /// Bytes: of a row with all its blocks, and where it begins.
    let pitch, start: Int
    /// How it is made larger: 0 by repeating, 1 smoothly across, 2 down, 3 both.
    let smoothing: Int
  }

  let units: (across: Int, down: Int, count: Int)
  private let unitSize: ImageSize
  let planes: [Plane]
  /// Where both components of chroma lie once more, sample by sample, and bytes of a row; nil where nobody
  /// wants them so.
  let interleaved: (start: Int, pitch: Int)?
  /// Bytes.
  let size: Int

  /// nil where a component is not a whole number of times smaller.
  ///
  /// - Parameter picture: What is made of them.
  init?(of format: CoefficientFormat, _ image: ImageSize, as picture: Fourcc) {
    units = format.units(of: image)
    unitSize = ImageSize(width: 8 * format.across, height: 8 * format.down)
    var (planes, start): ([Plane], Int) = ([], 0)
    for component in format.components {
      guard format.across.isMultiple(of: component.across),
        format.down.isMultiple(of: component.down)
      else { return nil }
      let shrink = (format.across / component.across, format.down / component.down)
      let width = (image.width * component.across + format.across - 1) / format.across
      let pitch = units.across * component.across * 8
      planes.append(
        Plane(
          across: component.across, down: component.down, shrinkAcross: shrink.0,
          shrinkDown: shrink.1, width: width,
          height: (image.height * component.down + format.down - 1) / format.down, pitch: pitch,
          start: start, smoothing: Self.smoothing(shrink, width)))
      start += pitch * units.down * component.down * 8
    }
    self.planes = planes
    interleaved = picture.planes?.count == 2 ? (start, 2 * planes[1].pitch) : nil
    // As much as both components take.
    size = interleaved == nil ? start : 2 * start - planes[1].start
  }

  /// The units that a region is made of, and those that its edges are smoothed by.
  func units(of region: ImageRegion) -> (columns: Range<Int>, rows: Range<Int>) {
    func touched(_ pixels: Range<Int>, _ size: Int, _ count: Int) -> Range<Int> {
      let end = min(count, (pixels.upperBound + 2).dividedRoundingUp(by: size))
      return max(0, pixels.lowerBound - 2) / size..<end
    }
    return (
      touched(region.columns, unitSize.width, units.across),
      touched(region.rows, unitSize.height, units.down)
    )
  }

  /// The rows of a component that a region has, which begins with a whole sample.
  func rows(of region: ImageRegion, in component: Int) -> Range<Int> {
    let shared = planes[component].shrinkDown
    let first = region.y / shared
    return first..<first + region.height.dividedRoundingUp(by: shared)
  }

  /// As jinit_upsampler() chooses.
  private static func smoothing(_ shrink: (across: Int, down: Int), _ width: Int) -> Int {
    switch shrink {
    case (2, 1): width > 2 ? 1 : 0
    case (1, 2): 2
    case (2, 2): width > 2 ? 3 : 0
    default: 0
    }
  }
}
