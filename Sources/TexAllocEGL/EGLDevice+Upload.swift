internal import CEGL
internal import Synchronization
public import TexAlloc

extension EGLDevice {
  /// A texture with a copy of the buffer's pixels.
  func upload(
    _ buffer: TextureBuffer, because reason: String
  ) throws(RegistrationRefused) -> Texture {
    try requireContext()
    let layout = buffer.layout
    guard layout.format.modifier == .linear, let format = UploadFormat(layout.format.fourcc) else {
      throw refusal(
        .format, "formats", wanted: "one that OpenGL ES uploads",
        held: "\(layout.format); \(reason)")
    }
    guard buffer.cpuUsage.contains(.read) else {
      throw refusal(
        .cpuUsage, "cpuUsage", wanted: "read, to upload it", held: "not mapped; \(reason)")
    }
    let (pitch, pixel) = (layout.planes[0].pitch, format.bytesPerPixel)
    guard pitch.isMultiple(of: pixel) else {
      throw refusal(
        .pitch, "pitchAlignment", wanted: "a multiple of \(pixel) to upload it",
        held: "\(pitch); \(reason)")
    }
    let limit = description.maxTextureSize
    guard max(layout.width, layout.height) <= limit else {
      throw refusal(
        .size, "width, height", wanted: "at most \(limit)", held: "\(layout.width)x\(layout.height)"
      )
    }
    let name: GLuint
    do {
      name = try makeSampledTexture { () throws(EGLFailure) in
        drainGLErrors()
        format.defineStorage(width: layout.width, height: layout.height)
        try checkGL("glTexStorage2D")
      }
    } catch {
      throw refusal(
        .copyFailed, "upload", wanted: "\(layout.format)", held: "\(error); \(reason)")
    }
    let texture = Texture(
      of: buffer, on: self, name: name, image: nil, path: .uploaded(because: reason),
      check: .copied)
    enter(texture)
    try texture.contentsChanged()
    return texture
  }
}

extension Texture {
  /// Tells that rows of the buffer were written again. The GPU sees them by itself where the buffer
  /// is imported; where it was uploaded, they are copied once more.
  ///
  /// - Parameter rows: Of the image; all of them where nil.
  /// - Throws: `RegistrationRefused` where the device's context is not current on this thread, or
  ///   OpenGL did not take the pixels.
  public func contentsChanged(rows: Range<Int>? = nil) throws(RegistrationRefused) {
    guard case .uploaded = path, let format = UploadFormat(buffer.layout.format.fourcc) else {
      return
    }
    try device.requireContext()
    let layout = buffer.layout
    let rows = rows ?? 0..<layout.height
    precondition(0 <= rows.lowerBound && rows.upperBound <= layout.height)
    let pitch = layout.planes[0].pitch
    drainGLErrors()
    do {
      try buffer.withReadback(evenIfSlow: true) { pixels in
        withTextureBound(name) {
          format.upload(pixels, pitch: pitch, width: layout.width, rows: rows)
        }
      }
      try checkGL("glTexSubImage2D")
    } catch {
      throw device.refusal(
        .copyFailed, "upload", wanted: "\(layout.format)", held: "\(error)")
    }
    let bytes = rows.count * layout.rowSize(ofPlane: 0)
    uploaded.add(bytes, ordering: .relaxed)
    device.countUpload(of: bytes)
  }
}
