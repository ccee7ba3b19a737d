internal import CEGL
internal import Synchronization
public import TexAlloc

/// What images have in common that one check tells about all of them.
struct ImageKind: Hashable, Sendable {
  private let heap: String?
  private let format: Format
  private let sampling: Sampling

  init(of buffer: TextureBuffer) {
    heap = buffer.heap
    format = buffer.layout.format
    sampling = buffer.layout.sampling
  }
}

/// How an image of a kind lies, and what checking it told.
struct PixelVerdict: Sendable {
  /// The largest powers of two that divide them; more than drivers ask for makes no difference.
  let pitchAlignment, offsetAlignment: Int
  /// nil where the pixels were right.
  var refusal: RegistrationRefused?

  init(of buffer: TextureBuffer) {
    pitchAlignment = min(Self.powerOfTwo(in: buffer.layout.planes[0].pitch), 256)
    offsetAlignment = min(Self.powerOfTwo(in: buffer.place(ofPlane: 0).offset), 4096)
  }

  /// Whether it holds for an image that lies like another: what is right is right where more is
  /// aligned, and what is wrong is wrong where less is.
  func holds(for other: PixelVerdict) -> Bool {
    let (better, worse) = refusal == nil ? (other, self) : (self, other)
    return better.pitchAlignment >= worse.pitchAlignment
      && better.offsetAlignment >= worse.offsetAlignment
  }

  private static func powerOfTwo(in number: Int) -> Int { number == 0 ? .max : number & -number }
}

extension EGLDevice {
  /// Sees to it that the kind of this buffer has been checked, once; or, where no trial image of the
  /// kind can be had, that this buffer shows its own pixels, if the CPU can read them.
  ///
  /// - Throws: What the check found wrong, this time or an earlier one.
  func verify(_ buffer: TextureBuffer) throws(RegistrationRefused) -> Texture.PixelCheck {
    if try isKnown(buffer) { return .trial }
    guard buffer.layout.channels != nil else {
      return .none(because: "\(buffer.layout.format) has no pixels that stand for themselves")
    }
    let trial: TextureBuffer?
    do { trial = try buffer.makeTrial() } catch {
      throw refusal(.trial, "pixels", wanted: "memory for a trial image", held: "\(error)")
    }
    guard let trial else { return try checkContents(of: buffer) }
    try check(trial, as: buffer)
    return .trial
  }

  public func check(_ trial: TextureBuffer, on route: Route) throws(RegistrationRefused) {
    if route == .imported { try checkSampling(of: trial.layout) }
    // What its pixels are to look like is not known of every format; registering decides.
    guard trial.layout.channels != nil else { return }
    if try !isKnown(trial) { try check(trial, as: trial) }
  }

  /// Whether images that lie like this one are known to show what is written into them.
  ///
  /// - Throws: What a check found wrong.
  private func isKnown(_ buffer: TextureBuffer) throws(RegistrationRefused) -> Bool {
    let (kind, wanted) = (ImageKind(of: buffer), PixelVerdict(of: buffer))
    let verdict = state.withLock { $0.verdicts[kind]?.first { $0.holds(for: wanted) } }
    if let refusal = verdict?.refusal { throw refusal }
    return verdict != nil
  }

  /// Checks a trial image, and keeps the verdict for all that lie like the buffer.
  private func check(
    _ trial: TextureBuffer, as buffer: TextureBuffer
  ) throws(RegistrationRefused) {
    var verdict = PixelVerdict(of: buffer)
    func keep() {
      state.withLock { $0.verdicts[ImageKind(of: buffer), default: []].append(verdict) }
    }
    do {
      try check(trial)
      keep()
    } catch {
      // What has nothing to do with the kind may be better the next time.
      if error.cause == .importFailed || error.cause == .pixels {
        verdict.refusal = error
        keep()
      }
      throw error
    }
  }

  /// Imports a trial image, writes a pattern into it and compares what the GPU shows of the first and the
  /// last row; then the same with another pattern: a driver that keeps a copy, made at the import or when
  /// it first drew, is found out. All of it happens on the device's own thread, in a context of its own,
  /// which a bad import may kill.
  func check(_ trial: TextureBuffer) throws(RegistrationRefused) {
    try compare(trial, times: 2) { row, turn in
      Self.pattern(ofRow: row, turn, of: trial.layout)
    } beforeEach: { rows, turn in
      for row in rows {
        trial.storeRows(Self.pattern(ofRow: row, turn, of: trial.layout).span, row..<row + 1)
      }
    }
  }

  /// Compares what the GPU shows of a buffer with what is in it.
  private func checkContents(
    of buffer: TextureBuffer
  ) throws(RegistrationRefused) -> Texture.PixelCheck {
    let rowSize = buffer.layout.rowSize(ofPlane: 0)
    let pitch = buffer.layout.planes[0].pitch
    let last = (buffer.layout.height - 1) * pitch
    let rows: [[UInt8]]
    do {
      rows = try buffer.withContents { bytes in
        [0, last].map { start in (start..<start + rowSize).map { bytes[$0] } }
      }
    } catch {
      return .none(because: "no trial image of its kind can be had, and \(error)")
    }
    try compare(buffer) { row, _ in row == 0 ? rows[0] : rows[1] }
    return .contents
  }

  /// Compares what the GPU shows of the first and the last row of a buffer with what it should.
  ///
  /// - Parameter prepare: Done to the buffer after the import, before each time that it is drawn.
  private func compare(
    _ buffer: TextureBuffer, times: Int = 1, to expected: (_ row: Int, _ turn: Int) -> [UInt8],
    beforeEach prepare: (_ rows: [Int], _ turn: Int) -> Void = { _, _ in }
  ) throws(RegistrationRefused) {
    let layout = buffer.layout
    guard let channels = layout.channels else {
      throw refusal(
        .format, "formats", wanted: "one that can be checked", held: "\(layout.format)")
    }
    let rows = [0, layout.height - 1]
    let turns = try show(rows, of: buffer, times: times) { prepare(rows, $0) }
    for (turn, shown) in turns.enumerated() {
      for (y, row) in rows.enumerated() {
        let written = expected(row, turn)
        for x in 0..<layout.width {
          let place = (y * layout.width + x) * 4
          let wanted = channels.colour(of: written, at: x)
          let held = Array(shown[place..<place + 4])
          guard zip(wanted, held).allSatisfy({ abs(Int($0) - Int($1)) <= channels.tolerance })
          else {
            throw refusal(
              .pixels, "pixels",
              wanted: "\(wanted) at \(x), \(row) of \(layout.format)"
                + (turn == 0 ? "" : ", written again"),
              held: "\(held)")
          }
        }
      }
    }
  }

  /// What the GPU shows of rows of a buffer, time after time, in a context of the device's own: scratch
  /// where the image is imported, and the one that has the mapped buffers where it is copied.
  private func show(
    _ rows: [Int], of buffer: TextureBuffer, times: Int, beforeEach prepare: (_ turn: Int) -> Void
  ) throws(RegistrationRefused) -> [[UInt8]] {
    let layout = buffer.layout
    let mapped = mappedBuffer(of: buffer)
    let context = mapped == nil ? scratch : maker
    do { try context.run {} } catch {
      throw refusal(.trial, "context", wanted: "one to try images in", held: "\(error)")
    }
    do {
      return try context.run { () throws(EGLFailure) in
        let fetch = try context.texelFetch()
        func texels(
          in texture: GLuint, copying: () -> Void = {}
        ) throws(EGLFailure) -> [[UInt8]] {
          defer { unsafe glDeleteTextures(1, [texture]) }
          return try (0..<times).map { turn throws(EGLFailure) in
            prepare(turn)
            copying()
            return try fetch.texels(ofRows: rows, of: layout.imageSize, in: texture)
          }
        }
        if let mapped {
          guard let format = UploadFormat(layout) else { return [] }
          let texture = try makeOwnTexture(layout, format, mipmapped: false)
          return try texels(in: texture) {
            withTextureBound(texture) { format.copy(0..<layout.height, of: buffer, in: mapped) }
          }
        }
        guard let importer else { return [] }
        let image = try importer.makeImage(of: buffer, on: connection)
        defer { importer.destroy(image, on: connection) }
        return try texels(in: importer.makeTexture(of: image, layout))
      }
    } catch {
      throw refusal(
        .importFailed, "import", wanted: "\(layout.format) of \(buffer.heap ?? "unknown")",
        held: "\(error)")
    }
  }

  /// Bytes that no other row, no other turn and no shift of the row has; of half floats, numbers from 0
  /// to 1.
  static func pattern(ofRow row: Int, _ turn: Int, of layout: ImageLayout) -> [UInt8] {
    let start = row &* 97 &+ turn &* 3571 &+ 13
    let isFloat = layout.shapes[0].isFloat
    return (0..<layout.rowSize(ofPlane: 0)).map {
      let byte = UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761 &+ start) >> 5)
      return isFloat && $0 % 2 == 1 ? byte & 0x3B : byte
    }
  }
}
