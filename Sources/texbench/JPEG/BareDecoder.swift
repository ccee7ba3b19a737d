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
