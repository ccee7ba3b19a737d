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
  /// What the context keeps of how pixels lie in memory.
  private let unpacking: [Int32]

  /// One for each plane of an image: the one of red, green and blue, or those of luma and chroma, which
  /// are textures of their own. nil for an image that OpenGL ES has no like of in the context that is
  /// current, or none that is sampled like that.
  static func planes(of layout: ImageLayout) -> [UploadFormat]? {
    if layout.sampling == .asLight && layout.colour.transfer != .sRGB { return nil }
    return planes(layout.shapes, sampledAsLight: layout.sampling == .asLight)
  }

  static func planes(_ shapes: [PlaneShape], sampledAsLight: Bool = false) -> [UploadFormat]? {
    guard shapes.count == 1 ? shapes[0].isRGB : shapes.areSampledApart else { return nil }
    let formats = shapes.compactMap { shape in
      shape.texels.flatMap { UploadFormat($0, sampledAsLight: sampledAsLight) }
    }
    return formats.count == shapes.count ? formats : nil
  }

  /// nil for pixels that OpenGL ES has no like of.
  init?(_ texels: PlaneShape, sampledAsLight: Bool = false) {
    guard let storage = Storage(texels),
      let internalFormat = sampledAsLight ? storage.light : storage.internalFormat
    else { return nil }
    self.storage = GLenum(internalFormat)
    format = GLenum(storage.format)
    type = GLenum(storage.type)
    bytesPerPixel = texels.bytesPerElement
    let swizzle = Self.swizzle(of: texels.channels.map(\.meaning), in: storage)
    self.swizzle = swizzle == Self.inOrder ? nil : swizzle
    unpacking = isOpenGLES() ? Self.unpackingOfES : Self.unpackingOfDesktop
  }

  private static let unpackingOfES =
    [GL_UNPACK_ALIGNMENT, GL_UNPACK_ROW_LENGTH, GL_UNPACK_SKIP_ROWS, GL_UNPACK_SKIP_PIXELS]
  private static let unpackingOfDesktop =
    unpackingOfES + [GL_UNPACK_SWAP_BYTES, GL_UNPACK_LSB_FIRST]

  private static let inOrder = [GL_RED, GL_GREEN, GL_BLUE, GL_ALPHA]

  /// Which channels of the storage hold what the shader calls red, green, blue and alpha. What it does
  /// not hold is 0, and 1 for alpha, as the storage has it by itself unless something is in its place.
  private static func swizzle(
    of channels: [PlaneShape.Channel.Meaning], in storage: Storage
  ) -> [GLint] {
    let stored = storage.isReversed ? channels.reversed() : channels
    let meanings: [PlaneShape.Channel.Meaning] = [.red, .green, .blue, .alpha]
    return meanings.enumerated().map { index, meaning in
      if let place = stored.firstIndex(of: meaning) { return inOrder[place] }
      if index >= stored.count { return inOrder[index] }
      return meaning == .alpha ? GL_ONE : GL_ZERO
    }
  }

  /// Gives the texture that is bound storage for an image of this size, in pixels, and for so many sizes
  /// of it, each half of the one before.
  func defineStorage(width: Int, height: Int, levels: Int = 1) {
    glTexStorage2D(
      GLenum(GL_TEXTURE_2D), GLsizei(levels), storage, GLsizei(width), GLsizei(height))
    setSwizzle()
  }

  /// Has a shader find the channels of the texture that is bound where they are.
  func setSwizzle() {
    let targets = [
      GL_TEXTURE_SWIZZLE_R, GL_TEXTURE_SWIZZLE_G, GL_TEXTURE_SWIZZLE_B, GL_TEXTURE_SWIZZLE_A,
    ]
    for (target, source) in zip(targets, swizzle ?? []) {
      glTexParameteri(GLenum(GL_TEXTURE_2D), GLenum(target), source)
    }
  }

  /// How OpenGL is told of rows that are so many bytes apart: by so many whole pixels, up to the next
  /// multiple of so many bytes. nil for a pitch that cannot be told.
  func unpacking(pitch: Int) -> (rowLength: Int, alignment: Int)? {
    let rowLength = pitch / bytesPerPixel
    var alignment = 1
    while !comesTo(pitch, rowLength, alignment) {
      alignment *= 2
      if alignment > 8 { return nil }
    }
    return (rowLength, alignment)
  }

  private func comesTo(_ pitch: Int, _ rowLength: Int, _ alignment: Int) -> Bool {
    (rowLength * bytesPerPixel).roundedUp(toMultipleOf: alignment) == pitch
  }

  /// Copies rows of an image into the texture that is bound.
  ///
  /// - Parameters:
  ///   - pixels: All rows of the image, `pitch` bytes from one to the next, which ``unpacking(pitch:)``
  ///     can tell.
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
    guard let rowUnpacking = unpacking(pitch: pitch) else { return }
    // What the toolkit has set is for its own uploads.
    var (ours, theirs) = (InlineArray<6, GLint>(repeating: 0), InlineArray<6, GLint>(repeating: 0))
    for (index, parameter) in unpacking.enumerated() { theirs[index] = glInteger(parameter) }
    (ours[0], ours[1]) = (theirs[0], theirs[1])
    // Mostly they do as they are; a length of 0 stands for the width.
    let length = theirs[1] == 0 ? width : Int(theirs[1])
    if length < width || !comesTo(pitch, length, Int(theirs[0])) {
      ours[1] = GLint(rowUnpacking.rowLength)
      if !comesTo(pitch, rowUnpacking.rowLength, Int(theirs[0])) {
        ours[0] = GLint(rowUnpacking.alignment)
      }
    }
    func set(_ values: InlineArray<6, GLint>) {
      for (index, parameter) in unpacking.enumerated() where ours[index] != theirs[index] {
        glPixelStorei(GLenum(parameter), values[index])
      }
    }
    let unpackBuffer = glInteger(GL_PIXEL_UNPACK_BUFFER_BINDING)
    glBindBuffer(GLenum(GL_PIXEL_UNPACK_BUFFER), buffer)
    set(ours)
    let first = rows.lowerBound * pitch
    unsafe glTexSubImage2D(
      GLenum(GL_TEXTURE_2D), 0, 0, GLint(rows.lowerBound), GLsizei(width), GLsizei(rows.count),
      format, type,
      buffer == 0
        ? start.map { unsafe $0 + first }
        : UnsafeRawPointer(bitPattern: Int(bitPattern: start) + first))
    set(theirs)
    glBindBuffer(GLenum(GL_PIXEL_UNPACK_BUFFER), GLuint(unpackBuffer))
  }
}

/// How a device's contexts take copies of images, kind by kind, found out once.
struct KnownUploads {
  private var entries:
    [(shapes: [PlaneShape], sampling: Sampling, colour: Colour, formats: [UploadFormat])] = []

  func formats(of layout: ImageLayout) -> [UploadFormat]? {
    entries.first {
      $0.shapes == layout.shapes && $0.sampling == layout.sampling && $0.colour == layout.colour
    }?.formats
  }

  mutating func remember(_ formats: [UploadFormat], of layout: ImageLayout) {
    entries.append((layout.shapes, layout.sampling, layout.colour, formats))
  }
}

/// How OpenGL ES stores pixels whose channels have so many bits: the table of what EGL and OpenGL ES
/// need of a format beyond what it is.
private struct Storage {
  let internalFormat, format, type: Int32
  /// The same where the texture undoes the transfer of sRGB.
  var light: Int32?
  /// Whether the first channel lies in the highest bits of the pixel.
  var isReversed = false
  /// The extension that OpenGL ES needs for it.
  var needs: String?

  /// nil for pixels that OpenGL ES has no like of.
  init?(_ shape: PlaneShape) {
    let row: Storage? =
      switch (shape.channels.map(\.bits), shape.isFloat) {
      case ([8], false): Storage(GL_R8, GL_RED, GL_UNSIGNED_BYTE)
      case ([8, 8], false): Storage(GL_RG8, GL_RG, GL_UNSIGNED_BYTE)
      case ([8, 8, 8], false): Storage(GL_RGB8, GL_RGB, GL_UNSIGNED_BYTE, light: GL_SRGB8)
      case ([8, 8, 8, 8], false):
        Storage(GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, light: GL_SRGB8_ALPHA8)
      case ([5, 6, 5], false):
        Storage(GL_RGB565, GL_RGB, GL_UNSIGNED_SHORT_5_6_5, isReversed: true)
      case ([10, 10, 10, 2], false):
        Storage(GL_RGB10_A2, GL_RGBA, GL_UNSIGNED_INT_2_10_10_10_REV)
      case ([16], false):
        Storage(GL_R16_EXT, GL_RED, GL_UNSIGNED_SHORT, needs: "GL_EXT_texture_norm16")
      case ([16, 16], false):
        Storage(GL_RG16_EXT, GL_RG, GL_UNSIGNED_SHORT, needs: "GL_EXT_texture_norm16")
      case ([16, 16, 16, 16], true): Storage(GL_RGBA16F, GL_RGBA, GL_HALF_FLOAT)
      default: nil
      }
    guard let row else { return nil }
    if let needs = row.needs, isOpenGLES(), !glExtensions().contains(needs) { return nil }
    self = row
  }

  private init(
    _ internalFormat: Int32, _ format: Int32, _ type: Int32, light: Int32? = nil,
    isReversed: Bool = false, needs: String? = nil
  ) {
    self.internalFormat = internalFormat
    self.format = format
    self.type = type
    self.light = light
    self.isReversed = isReversed
    self.needs = needs
  }
}
