internal import CEGL
internal import TexAlloc

/// How OpenGL ES 3 takes the pixels of a format from ordinary memory, and what a shader is to see.
struct UploadFormat {
  let storage: GLenum
  let format: GLenum
  let type: GLenum
  /// Bytes of a pixel.
  let bytesPerPixel: Int
  /// Where red, green, blue and alpha of the shader come from; nil where they come in order.
  let swizzle: [GLint]?

  /// nil for a format that OpenGL ES 3 has no like of.
  init?(_ fourcc: Fourcc) {
    switch fourcc {
    case .abgr8888: self.init(GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, 4)
    case .xbgr8888:
      self.init(GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, 4, [GL_RED, GL_GREEN, GL_BLUE, GL_ONE])
    case .argb8888:
      self.init(GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, 4, [GL_BLUE, GL_GREEN, GL_RED, GL_ALPHA])
    case .xrgb8888:
      self.init(GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, 4, [GL_BLUE, GL_GREEN, GL_RED, GL_ONE])
    case .rgb565: self.init(GL_RGB565, GL_RGB, GL_UNSIGNED_SHORT_5_6_5, 2)
    case .r8: self.init(GL_R8, GL_RED, GL_UNSIGNED_BYTE, 1)
    case .gr88: self.init(GL_RG8, GL_RG, GL_UNSIGNED_BYTE, 2)
    default: return nil
    }
  }

  private init(
    _ storage: Int32, _ format: Int32, _ type: Int32, _ bytesPerPixel: Int,
    _ swizzle: [Int32]? = nil
  ) {
    self.storage = GLenum(storage)
    self.format = GLenum(format)
    self.type = GLenum(type)
    self.bytesPerPixel = bytesPerPixel
    self.swizzle = swizzle
  }

  /// Gives the texture that is bound storage for an image of this size, in pixels.
  func defineStorage(width: Int, height: Int) {
    glTexStorage2D(GLenum(GL_TEXTURE_2D), 1, storage, GLsizei(width), GLsizei(height))
    let targets = [
      GL_TEXTURE_SWIZZLE_R, GL_TEXTURE_SWIZZLE_G, GL_TEXTURE_SWIZZLE_B, GL_TEXTURE_SWIZZLE_A,
    ]
    for (target, source) in zip(targets, swizzle ?? []) {
      glTexParameteri(GLenum(GL_TEXTURE_2D), GLenum(target), source)
    }
  }

  /// Copies rows of an image into the texture that is bound.
  ///
  /// - Parameters:
  ///   - pixels: All rows of the image, `pitch` bytes from one to the next.
  ///   - rows: Those to copy.
  func upload(_ pixels: Span<UInt8>, pitch: Int, width: Int, rows: Range<Int>) {
    unsafe pixels.withUnsafeBytes {
      unsafe copy(from: 0, $0.baseAddress, pitch: pitch, width: width, rows: rows)
    }
  }

  /// Has the GPU copy rows of an image into the texture that is bound, from a buffer of OpenGL.
  ///
  /// - Parameters:
  ///   - buffer: Its name.
  ///   - offset: Bytes from the start of the buffer to the image.
  ///   - pitch: Bytes from one row to the next.
  ///   - rows: Those to copy.
  func copy(from buffer: GLuint, at offset: Int, pitch: Int, width: Int, rows: Range<Int>) {
    // With a buffer bound, OpenGL takes the address for an offset.
    let start = unsafe UnsafeRawPointer(bitPattern: offset)
    unsafe copy(from: buffer, start, pitch: pitch, width: width, rows: rows)
  }

  /// - Parameter buffer: 0 where the pixels lie in memory.
  @unsafe private func copy(
    from buffer: GLuint, _ start: UnsafeRawPointer?, pitch: Int, width: Int, rows: Range<Int>
  ) {
    // What the toolkit has set is for its own uploads.
    let ours: [(GLenum, GLint)] = [
      (GLenum(GL_UNPACK_ALIGNMENT), 1), (GLenum(GL_UNPACK_SKIP_ROWS), 0),
      (GLenum(GL_UNPACK_SKIP_PIXELS), 0),
      (GLenum(GL_UNPACK_ROW_LENGTH), GLint(pitch / bytesPerPixel)),
    ]
    let theirs = ours.map { parameter, _ in
      var value: GLint = 0
      unsafe glGetIntegerv(parameter, &value)
      return (parameter, value)
    }
    var unpackBuffer: GLint = 0
    unsafe glGetIntegerv(GLenum(GL_PIXEL_UNPACK_BUFFER_BINDING), &unpackBuffer)
    glBindBuffer(GLenum(GL_PIXEL_UNPACK_BUFFER), buffer)
    for (parameter, value) in ours { glPixelStorei(parameter, value) }
    let first = rows.lowerBound * pitch
    unsafe glTexSubImage2D(
      GLenum(GL_TEXTURE_2D), 0, 0, GLint(rows.lowerBound), GLsizei(width), GLsizei(rows.count),
      format, type,
      buffer == 0
        ? start.map { unsafe $0 + first }
        : UnsafeRawPointer(bitPattern: Int(bitPattern: start) + first))
    for (parameter, value) in theirs { glPixelStorei(parameter, value) }
    glBindBuffer(GLenum(GL_PIXEL_UNPACK_BUFFER), GLuint(unpackBuffer))
  }
}

/// What a shader sees of the bytes of a pixel.
struct PixelChannels {
  let bytesPerPixel: Int
  /// How far a channel may be off: formats of fewer than eight bits are widened.
  let tolerance: Int
  private let colour: @Sendable (ArraySlice<UInt8>) -> [UInt8]

  fileprivate init(
    _ bytesPerPixel: Int, tolerance: Int = 0,
    _ colour: @escaping @Sendable (ArraySlice<UInt8>) -> [UInt8]
  ) {
    self.bytesPerPixel = bytesPerPixel
    self.tolerance = tolerance
    self.colour = colour
  }

  /// Red, green, blue and alpha of a pixel of a row.
  func colour(of row: [UInt8], at x: Int) -> [UInt8] {
    colour(Array(row[x * bytesPerPixel..<(x + 1) * bytesPerPixel])[...])
  }
}

extension Fourcc {
  /// nil for a format whose pixels do not stand for themselves.
  var channels: PixelChannels? {
    switch self {
    case .abgr8888: PixelChannels(4) { [$0[0], $0[1], $0[2], $0[3]] }
    case .xbgr8888: PixelChannels(4) { [$0[0], $0[1], $0[2], 255] }
    case .argb8888: PixelChannels(4) { [$0[2], $0[1], $0[0], $0[3]] }
    case .xrgb8888: PixelChannels(4) { [$0[2], $0[1], $0[0], 255] }
    case .r8: PixelChannels(1) { [$0[0], 0, 0, 255] }
    case .gr88: PixelChannels(2) { [$0[0], $0[1], 0, 255] }
    case .rgb565:
      PixelChannels(2, tolerance: 1) {
        let pixel = Int($0[0]) | Int($0[1]) << 8
        return [
          UInt8((pixel >> 11) * 255 / 31), UInt8((pixel >> 5 & 63) * 255 / 63),
          UInt8((pixel & 31) * 255 / 31), 255,
        ]
      }
    default: nil
    }
  }
}
