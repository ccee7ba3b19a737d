internal import CEGL
internal import TexAlloc

/// The dispatches that make a texture of a stream, in parts that can be given to the GPU frame by frame.
struct CoefficientWork {
  /// What is made of the picture.
  enum Target {
    /// A texture with storage for red, green, blue and alpha of 8 bits.
    case colours(GLuint)
    /// One for each of the first components; for chroma together where it is interleaved.
    case planes([(texture: GLuint, format: UploadFormat)])

    init(_ objects: TextureObjects, _ formats: [UploadFormat], of stream: CoefficientStream) {
      self =
        stream.pictureFormat == .abgr8888
        ? .colours(objects.name) : .planes(zip(objects.parts, formats).map { ($0.name, $1) })
    }
  }

  private enum Part {
    case blocks(Range<Int>, of: CodedBlocks)
    case rows(Range<Int>, to: GLuint)
    case chroma(rows: Range<Int>)
    case plane(Int, to: GLuint, UploadFormat)
  }

  /// Blocks whose entries lie in one piece of memory.
  private struct CodedBlocks {
    let piece: CoefficientStream.Entries
    let part: CoefficientStream.Part
    let entries, offsets: MappedBuffer
  }

  /// Of each dispatch, within every limit of OpenGL's.
  private static let (mostBlocks, mostRows, mostChromaRows) = (1 << 16, 4096, 256)

  private let stream: CoefficientStream
  private let planes: CoefficientPlanes
  private let programs: FinishingPrograms
  private let samples: SampleBuffer
  private let units: (columns: Range<Int>, rows: Range<Int>)
  private var parts: [Part] = []
  private var next = 0

  /// - Parameters:
  ///   - parts: How many it is cut into, about.
  ///   - mapped: The buffer of OpenGL that memory lies in.
  /// - Throws: Unsupported where memory is not mapped by the device, or blocks are missing.
  init(
    _ stream: CoefficientStream, _ planes: CoefficientPlanes, by programs: FinishingPrograms,
    through samples: SampleBuffer, to target: Target, parts count: Int,
    mapped: (TextureBuffer) -> MappedBuffer?
  ) throws(EGLFailure) {
    self.stream = stream
    self.planes = planes
    self.programs = programs
    self.samples = samples
    let elsewhere = EGLFailure.unsupported("coefficients", "they lie in no buffer of the device's")
    units = planes.units(of: stream.region)
    let blocksPerRow = planes.units.across * stream.format.blocksPerUnit
    let needed = units.rows.lowerBound * blocksPerRow..<units.rows.upperBound * blocksPerRow
    guard stream.blocks.clamped(to: needed) == needed else {
      throw .unsupported("coefficients", "of the blocks \(needed) there are \(stream.blocks)")
    }
    let blockStep = min(Self.mostBlocks, max(64, needed.count / max(1, count / 2)))
    for part in stream.parts {
      guard let offsets = mapped(part.offsets) else { throw elsewhere }
      for piece in part.entries {
        guard let entries = mapped(piece.memory) else { throw elsewhere }
        let coded = CodedBlocks(piece: piece, part: part, entries: entries, offsets: offsets)
        let blocks = piece.blocks.clamped(to: needed)
        for first in stride(from: blocks.lowerBound, to: blocks.upperBound, by: blockStep) {
          parts.append(.blocks(first..<min(first + blockStep, blocks.upperBound), of: coded))
        }
      }
    }
    switch target {
    case .colours(let texture):
      let height = stream.header.descriptor.height
      let rowStep = min(Self.mostRows, max(8, height / max(1, count / 2)))
      for first in stride(from: 0, to: height, by: rowStep) {
        parts.append(.rows(first..<min(first + rowStep, height), to: texture))
      }
    case .planes(let textures):
      if planes.interleaved != nil {
        let rows = planes.rows(of: stream.region, in: 1)
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.mostChromaRows) {
          let end = min(first + Self.mostChromaRows, rows.upperBound)
          parts.append(.chroma(rows: first..<end))
        }
      }
      parts += textures.enumerated().map { .plane($0, to: $1.texture, $1.format) }
    }
  }

  var partCount: Int { parts.count }
  var isDone: Bool { next == parts.count }

  /// Has the GPU do the next parts.
  mutating func dispatch(_ count: Int) throws(EGLFailure) {
    let some = parts[next..<min(next + count, parts.count)]
    next += some.count
    drainGLErrors()
    ComputeState.keeping {
      glBindBufferBase(GLenum(GL_SHADER_STORAGE_BUFFER), 2, samples.name)
      for part in some {
        switch part {
        case .blocks(let blocks, let coded): transform(blocks, coded)
        case .rows(let rows, let texture): makePixels(of: rows, in: texture)
        case .chroma(let rows): interleave(rows)
        case .plane(let plane, let texture, let format): copy(plane, to: texture, as: format)
        }
      }
      // What comes next may read the texture in any way, or write the samples.
      glMemoryBarrier(GL_ALL_BARRIER_BITS)
    }
    try checkGL("glDispatchCompute")
  }

  private func transform(_ blocks: Range<Int>, _ coded: CodedBlocks) {
    let program = programs.blocks
    glUseProgram(program.name)
    program.set([
      "firstBlock": blocks.lowerBound, "endBlock": blocks.upperBound,
      "firstEntry": coded.piece.start,
      "entryPlace": bind(coded.piece.memory, in: coded.entries, at: 0),
      "offsetPlace": bind(coded.part.offsets, in: coded.offsets, at: 1)
        - coded.part.blocks.lowerBound,
      "unitsAcross": planes.units.across,
      "blocksPerUnit": stream.format.blocksPerUnit, "firstColumn": units.columns.lowerBound,
      "endColumn": units.columns.upperBound,
    ])
    var (component, across, down): ([Int], [Int], [Int]) = ([], [], [])
    for (number, plane) in planes.planes.enumerated() {
      for y in 0..<plane.down {
        for x in 0..<plane.across {
          component.append(number)
          across.append(x)
          down.append(y)
        }
      }
    }
    program.set("component", component)
    program.set("across", across)
    program.set("down", down)
    program.set("unitAcross", planes.planes.map(\.across))
    program.set("unitDown", planes.planes.map(\.down))
    program.set("rowWords", planes.planes.map { $0.pitch / 4 })
    program.set("planes", planes.planes.map { $0.start / 4 })
    program.set("quantization", stream.quantization.flatMap { $0.map(Int.init) })
    glDispatchCompute(GLuint((blocks.count + 7) / 8), 1, 1)
  }

  /// Has the GPU put both components of chroma together.
  private func interleave(_ rows: Range<Int>) {
    guard let interleaved = planes.interleaved else { return }
    let (blue, red) = (planes.planes[1], planes.planes[2])
    let program = programs.chroma
    glUseProgram(program.name)
    glMemoryBarrier(GLbitfield(GL_SHADER_STORAGE_BARRIER_BIT))
    let (first, count) = (rows.lowerBound * blue.pitch, rows.count * blue.pitch / 4)
    program.set([
      "blue": (blue.start + first) / 4, "red": (red.start + first) / 4,
      "both": (interleaved.start + 2 * first) / 4, "count": count,
    ])
    glDispatchCompute(GLuint((count + 63) / 64), 1, 1)
  }

  /// Has the GPU copy samples that are what a plane is: all of it, or a part.
  private func copy(_ number: Int, to texture: GLuint, as format: UploadFormat) {
    let plane = planes.planes[number]
    let together = number > 0 ? planes.interleaved : nil
    let (start, pitch) = together ?? (plane.start, plane.pitch)
    let rows = planes.rows(of: stream.region, in: number)
    glMemoryBarrier(GLbitfield(GL_PIXEL_BUFFER_BARRIER_BIT))
    withTextureBound(texture) {
      format.copy(
        from: samples.name,
        at: start + rows.lowerBound * pitch
          + stream.region.x / plane.shrinkAcross * format.bytesPerPixel,
        pitch: pitch,
        width: stream.region.width.dividedRoundingUp(by: plane.shrinkAcross),
        rows: 0..<rows.count)
    }
  }

  private func makePixels(of rows: Range<Int>, in texture: GLuint) {
    let program = programs.pixels
    glUseProgram(program.name)
    glMemoryBarrier(GLbitfield(GL_SHADER_STORAGE_BARRIER_BIT))
    glBindImageTexture(
      0, texture, 0, GLboolean(GL_FALSE), 0, GLenum(GL_WRITE_ONLY), GLenum(GL_RGBA8))
    let width = stream.header.descriptor.width
    let colours =
      switch stream.format.colours {
      case .grey: 0
      case .ycc: 1
      case .rgb: 2
      }
    program.set([
      "left": stream.region.x, "top": stream.region.y, "width": width, "firstRow": rows.lowerBound,
      "endRow": rows.upperBound, "colours": colours,
    ])
    program.set("planes", planes.planes.map(\.start))
    program.set("pitches", planes.planes.map(\.pitch))
    program.set("widths", planes.planes.map(\.width))
    program.set("heights", planes.planes.map(\.height))
    program.set("across", planes.planes.map(\.shrinkAcross))
    program.set("down", planes.planes.map(\.shrinkDown))
    program.set("smoothing", planes.planes.map(\.smoothing))
    glDispatchCompute(GLuint((width + 15) / 16), GLuint((rows.count + 7) / 8), 1)
  }

  /// Binds the part of a buffer of OpenGL that memory lies in.
  ///
  /// - Returns: The word in it that the memory begins with.
  private func bind(_ memory: TextureBuffer, in mapped: MappedBuffer, at index: Int) -> Int {
    let alignment = max(4, Int(glInteger(GL_SHADER_STORAGE_BUFFER_OFFSET_ALIGNMENT)))
    let start = memory.offset + memory.layout.planes[0].offset
    let begin = start / alignment * alignment
    glBindBufferRange(
      GLenum(GL_SHADER_STORAGE_BUFFER), GLuint(index), mapped.name, begin,
      start - begin + memory.layout.planes[0].pitch * memory.layout.planes[0].rows)
    return (start - begin) / 4
  }
}
