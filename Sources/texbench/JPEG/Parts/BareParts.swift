internal import CTexbench
internal import ProgramSupport
internal import TexAlloc

/// libjpeg-turbo called directly, into warm memory: what parts and planes of a picture take at least.
@safe final class BareParts {
  private let picture: Picture
  private let memory: UnsafeMutableBufferPointer<UInt8>

  init(of picture: Picture) {
    self.picture = picture
    // Whole blocks of every row, and more than one of them below.
    let size = (picture.width + 64) * (picture.height + 64) * 4
    unsafe memory = .allocate(capacity: size)
    unsafe memory.initialize(repeating: 1)
  }

  deinit { unsafe memory.deallocate() }

  /// - Parameter region: All of it where nil.
  func decode(eighths: Int = 8, region: ImageRegion? = nil) throws {
    let width = region?.width ?? picture.width
    let pitch = (width + 64).roundedUp(toMultipleOf: 16) * 4
    let part = region.map {
      texbench_region(
        x: UInt32($0.x), y: UInt32($0.y), width: UInt32($0.width), height: UInt32($0.height))
    }
    // There is room for all of the picture, and for what is more of rows.
    let isDone = unsafe withUnsafePointer(to: part ?? texbench_region()) { region in
      unsafe texbench_decode_part(
        picture.bytes, picture.bytes.count, UInt32(eighths), part == nil ? nil : region,
        memory.baseAddress, pitch)
    }
    guard isDone else { throw ProgramFailure("\(picture.name): libjpeg does not decode it") }
  }

  /// Luma and chroma that is halved both ways or less.
  func decodePlanes() throws {
    let pitch = (picture.width + 64).roundedUp(toMultipleOf: 64)
    let rows = picture.height + 32
    // Three bytes a pixel, of the four that there is room for.
    guard let start = unsafe memory.baseAddress else { return }
    let planes = unsafe [start, start + rows * pitch, start + 2 * rows * pitch].map {
      unsafe Optional($0)
    }
    let pitches = [pitch, pitch, pitch]
    guard
      unsafe texbench_decode_planes(picture.bytes, picture.bytes.count, planes, pitches)
    else { throw ProgramFailure("\(picture.name): libjpeg does not decode it") }
  }
}
