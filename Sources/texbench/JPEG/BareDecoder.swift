internal import CTurboJPEG
internal import ProgramSupport

/// TurboJPEG, started once, for one picture.
@safe final class BareDecoder {
  private let picture: Picture
  private let codec: tjhandle

  init(for picture: Picture) {
    self.picture = picture
    guard let codec = unsafe tjInitDecompress() else { preconditionFailure("tjInitDecompress") }
    unsafe self.codec = codec
  }

  deinit { unsafe tjDestroy(codec) }

  /// - Parameter pixels: Room for the rows of the picture at its pitch.
  @unsafe func decode(to pixels: UnsafeMutableRawPointer) throws {
    let result = unsafe tjDecompress2(
      codec, picture.bytes, UInt(picture.bytes.count), pixels.assumingMemoryBound(to: UInt8.self),
      CInt(picture.width), CInt(picture.pitch), CInt(picture.height), CInt(TJPF_RGBA.rawValue), 0)
    guard result == 0 else {
      throw ProgramFailure("\(picture.name): \(unsafe String(cString: tjGetErrorStr2(codec)))")
    }
  }
}

/// TurboJPEG, started once, for the planes of one picture, in memory of its own.
@safe final class BarePlanes {
  private let picture: Picture
  private let codec: tjhandle
  private let memory: UnsafeMutablePointer<UInt8>
  private var planes: [UnsafeMutablePointer<UInt8>?]
  private var pitches: [CInt]

  init(for picture: Picture) throws {
    self.picture = picture
    guard let codec = unsafe tjInitDecompress() else { preconditionFailure("tjInitDecompress") }
    unsafe self.codec = codec
    var (width, height, sampling, colours): (CInt, CInt, CInt, CInt) = (0, 0, 0, 0)
    guard
      unsafe tjDecompressHeader3(
        codec, picture.bytes, UInt(picture.bytes.count), &width, &height, &sampling, &colours) == 0
    else { throw ProgramFailure("\(picture.name): TurboJPEG does not read it") }
    let pitches = (CInt(0)..<3).map { tjPlaneWidth($0, width, sampling) }
    self.pitches = pitches
    let sizes = (CInt(0)..<3).map { Int(pitches[Int($0)] * tjPlaneHeight($0, height, sampling)) }
    unsafe memory = .allocate(capacity: sizes.reduce(0, +))
    unsafe memory.initialize(repeating: 0, count: sizes.reduce(0, +))
    unsafe planes = [memory, memory + sizes[0], memory + sizes[0] + sizes[1]]
  }

  deinit {
    unsafe memory.deallocate()
    unsafe tjDestroy(codec)
  }

  func decode() throws {
    let result = unsafe tjDecompressToYUVPlanes(
      codec, picture.bytes, UInt(picture.bytes.count), &planes, CInt(picture.width), &pitches,
      CInt(picture.height), 0)
    guard result == 0 else {
      throw ProgramFailure("\(picture.name): \(unsafe String(cString: tjGetErrorStr2(codec)))")
    }
  }
}
