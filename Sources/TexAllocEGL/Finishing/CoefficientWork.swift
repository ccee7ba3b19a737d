internal import CEGL
internal import TexAlloc

/// The dispatches that make a texture of a stream, in parts that can be given to the GPU frame by frame.
struct CoefficientWork {
  /// What is made of the picture.
  enum Target {
    /// A texture with storage for red, green, blue and alpha of 8 bits.
    case colours(GLuint)
    /// One for each of the first components.
    case planes([(texture: GLuint, format: UploadFormat)])
  }

  private enum Part {
    case blocks(Range<Int>, of: CoefficientStream.Entries)
    case rows(Range<Int>, to: GLuint)
    case plane(Int, to: GLuint, UploadFormat)
  }

  /// Of each dispatch, within every limit of OpenGL's.
  private static let (mostBlocks, mostRows) = (1 << 16, 4096)

  private let stream: CoefficientStream
  private let planes: CoefficientPlanes
  private let programs: FinishingPrograms
  private let samples: SampleBuffer
  private let units: (columns: Range<Int>, rows: Range<Int>)
  private let buffers: [MappedBuffer]
  private let offsets: MappedBuffer
  private var parts: [Part] = []
  private var next = 0

  /// - Parameters:
  ///   - parts: How many it is cut into, about.
  ///   - mapped: The buffer of OpenGL that memory lies in.
  /// - Throws: Unsupported where memory is not mapped by the device.
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
    guard let offsets = mapped(stream.offsets) else { throw elsewhere }
    self.offsets = offsets
    buffers = stream.entries.compactMap { mapped($0.memory) }
    guard buffers.count == stream.entries.count else { throw elsewhere }
    units = planes.units(of: stream.region)
    let blocksPerRow = planes.units.across * stream.format.blocksPerUnit
    let needed = units.rows.lowerBound * blocksPerRow..<units.rows.upperBound * blocksPerRow
    let blockStep = min(Self.mostBlocks, max(64, needed.count / max(1, count / 2)))
    for entries in stream.entries {
      let blocks = entries.blocks.clamped(to: needed)
      for first in stride(from: blocks.lowerBound, to: blocks.upperBound, by: blockStep) {
        parts.append(.blocks(first..<min(first + blockStep, blocks.upperBound), of: entries))
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
        case .blocks(let blocks, let entries): transform(blocks, entries)
        case .rows(let rows, let texture): makePixels(of: rows, in: texture)
        case .plane(let plane, let texture, let format): copy(plane, to: texture, as: format)
        }
      }
      // What comes next may read the texture in any way, or write the samples.
      glMemoryBarrier(GL_ALL_BARRIER_BITS)
    }
    try checkGL("glDispatchCompute")
  }

  private func transform(_ blocks: Range<Int>, _ entries: CoefficientStream.Entries) {
    let program = programs.blocks
    glUseProgram(program.name)
    let index = stream.entries.firstIndex { $0.start == entries.start } ?? 0
    program.set([
      "firstBlock": blocks.lowerBound, "endBlock": blocks.upperBound,
      "firstEntry": entries.start, "entryPlace": bind(entries.memory, in: buffers[index], at: 0),
      "offsetPlace": bind(stream.offsets, in: offsets, at: 1), "unitsAcross": planes.units.across,
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

  /// Has the GPU copy the samples of a component, which are what its plane is: all of it, or a part of
  /// luma.
  private func copy(_ plane: Int, to texture: GLuint, as format: UploadFormat) {
    let plane = planes.planes[plane]
    glMemoryBarrier(GLbitfield(GL_PIXEL_BUFFER_BARRIER_BIT))
    withTextureBound(texture) {
      format.copy(
        from: samples.name,
        at: plane.start + stream.region.y / plane.shrinkDown * plane.pitch
          + stream.region.x / plane.shrinkAcross, pitch: plane.pitch,
        width: stream.region.width.dividedRoundingUp(by: plane.shrinkAcross),
        rows: 0..<stream.region.height.dividedRoundingUp(by: plane.shrinkDown))
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
