internal import CEGL
internal import TexAlloc

/// How OpenGL ES 3 renders pixels of a format whose channels are whole bytes.
struct RenderFormat {
  /// Of a renderbuffer.
  let storage: GLenum
  /// Which of red, green, blue and alpha each byte of a pixel is; nil for one that means nothing.
  let channels: [Int?]

  /// nil for a format that cannot be rendered and read by every context.
  init?(_ shapes: [PlaneShape]) {
    guard shapes.count == 1, let shape = shapes.first, shape.isPixels, !shape.isFloat,
      shape.channels.allSatisfy({ $0.bits == 8 })
    else { return nil }
    let meanings: [PlaneShape.Channel.Meaning] = [.red, .green, .blue, .alpha]
    channels = shape.channels.map { meanings.firstIndex(of: $0.meaning) }
    switch channels.compactMap(\.self).sorted() {
    case [0]: storage = GLenum(GL_R8)
    case [0, 1]: storage = GLenum(GL_RG8)
    case [0, 1, 2]: storage = GLenum(GL_RGB8)
    case [0, 1, 2, 3]: storage = GLenum(GL_RGBA8)
    default: return nil
    }
  }
}

/// How the pixels of a framebuffer are read back into an image.
struct PixelReading {
  /// Of `glReadPixels`; the type is always that of bytes.
  private let format: GLenum
  /// Which byte of a pixel that was read each byte of the image is; nil where they are the same.
  private let order: [Int?]?
  /// Bytes of a pixel that was read.
  private let bytesPerPixel: Int

  /// By the format that gives pixels as they are stored, if the context reads that; else bytes are put
  /// in order.
  init(of format: RenderFormat, from framebuffer: GLuint) {
    let channels = format.channels
    let candidates: [(format: Int32, channels: [Int])] = [
      (GL_RGBA, [0, 1, 2, 3]), (GL_BGRA_EXT, [2, 1, 0, 3]), (GL_RGB, [0, 1, 2]), (GL_RG, [0, 1]),
      (GL_RED, [0]),
    ]
    let native = candidates.first { candidate in
      candidate.channels.count == channels.count
        && zip(candidate.channels, channels).allSatisfy { $1 == nil || $0 == $1 }
    }
    if let native, Self.isRead(native.format, from: framebuffer) {
      (self.format, order, bytesPerPixel) = (GLenum(native.format), nil, channels.count)
    } else {
      (self.format, order, bytesPerPixel) = (GLenum(GL_RGBA), channels, 4)
    }
  }

  /// OpenGL ES reads `GL_RGBA`, and one more format of its choice; OpenGL reads them all.
  private static func isRead(_ format: Int32, from framebuffer: GLuint) -> Bool {
    if format == GL_RGBA || !isOpenGLES() { return true }
    if format == GL_BGRA_EXT && glExtensions().contains("GL_EXT_read_format_bgra") { return true }
    return withReadFramebuffer(framebuffer) {
      glInteger(GL_IMPLEMENTATION_COLOR_READ_FORMAT) == format
        && glInteger(GL_IMPLEMENTATION_COLOR_READ_TYPE) == GL_UNSIGNED_BYTE
    }
  }

  /// Whether the GPU can put rows so many bytes apart where they belong.
  func canPack(_ pitch: Int) -> Bool { order == nil && pitch.isMultiple(of: bytesPerPixel) }

  /// Has the GPU copy rows into a buffer of OpenGL that an image lies in, without the CPU.
  func pack(
    _ rows: Range<Int>, of framebuffer: GLuint, into buffer: TextureBuffer, in mapped: MappedBuffer
  ) throws(EGLFailure) {
    let plane = buffer.layout.planes[0]
    let place = buffer.offset + plane.offset + rows.lowerBound * plane.pitch
    unsafe read(
      rows, buffer.layout.width, of: framebuffer, rowLength: plane.pitch / bytesPerPixel,
      into: mapped.name, UnsafeMutableRawPointer(bitPattern: place))
    try checkGL("glReadPixels")
  }

  /// Waits for the GPU and writes rows into an image, some at a time.
  func store(
    _ rows: Range<Int>, of framebuffer: GLuint, into buffer: TextureBuffer
  ) throws(EGLFailure) {
    let width = buffer.layout.width
    let count = min(rows.count, max(1, Self.bytesAtOnce / (width * bytesPerPixel)))
    var pixels = [UInt8](repeating: 0, count: count * width * bytesPerPixel)
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: count) {
      let some = first..<min(first + count, rows.upperBound)
      unsafe pixels.withUnsafeMutableBytes {
        unsafe read(some, width, of: framebuffer, rowLength: 0, into: 0, $0.baseAddress)
      }
      try checkGL("glReadPixels")
      let shown = pixels.span.extracting(first: some.count * width * bytesPerPixel)
      if let order {
        buffer.storeRows(inOrder(order, shown).span, some)
      } else {
        buffer.storeRows(shown, some)
      }
    }
  }

  private static let bytesAtOnce = 1 << 20

  private func inOrder(_ order: [Int?], _ pixels: Span<UInt8>) -> [UInt8] {
    var ordered: [UInt8] = []
    ordered.reserveCapacity(pixels.count / bytesPerPixel * order.count)
    for pixel in stride(from: 0, to: pixels.count, by: bytesPerPixel) {
      for channel in order { ordered.append(channel.map { pixels[pixel + $0] } ?? .max) }
    }
    return ordered
  }

  /// - Parameters:
  ///   - rowLength: Pixels from one row to the next; 0 where they follow each other.
  ///   - buffer: Of OpenGL, in which the address is an offset; 0 where it is one of memory.
  @unsafe private func read(
    _ rows: Range<Int>, _ width: Int, of framebuffer: GLuint, rowLength: Int,
    into buffer: GLuint, _ start: UnsafeMutableRawPointer?
  ) {
    // What the toolkit has set is for its own reading.
    let ours = [
      (GL_PACK_ALIGNMENT, 1), (GL_PACK_SKIP_ROWS, 0), (GL_PACK_SKIP_PIXELS, 0),
      (GL_PACK_ROW_LENGTH, GLint(rowLength)),
    ]
    let theirs = ours.map { ($0.0, glInteger($0.0)) }
    let packBuffer = glInteger(GL_PIXEL_PACK_BUFFER_BINDING)
    drainGLErrors()
    glBindBuffer(GLenum(GL_PIXEL_PACK_BUFFER), buffer)
    for (parameter, value) in ours { glPixelStorei(GLenum(parameter), value) }
    withReadFramebuffer(framebuffer) {
      unsafe glReadPixels(
        0, GLint(rows.lowerBound), GLsizei(width), GLsizei(rows.count), format,
        GLenum(GL_UNSIGNED_BYTE), start)
    }
    for (parameter, value) in theirs { glPixelStorei(GLenum(parameter), value) }
    glBindBuffer(GLenum(GL_PIXEL_PACK_BUFFER), GLuint(packBuffer))
  }
}

/// Binds a framebuffer for reading for as long as the body runs; the toolkit's own binding comes back.
func withReadFramebuffer<Result>(_ name: GLuint, _ body: () -> Result) -> Result {
  let before = glInteger(GL_READ_FRAMEBUFFER_BINDING)
  glBindFramebuffer(GLenum(GL_READ_FRAMEBUFFER), name)
  defer { glBindFramebuffer(GLenum(GL_READ_FRAMEBUFFER), GLuint(before)) }
  return body()
}
