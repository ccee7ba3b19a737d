internal import CEGL
internal import Synchronization
public import TexAlloc

/// What images have in common that one check tells about all of them.
struct ImageKind: Hashable, Sendable {
  private let heap: String?
  private let format: Format
  /// The largest powers of two that divide them; more than drivers ask for makes no difference.
  private let pitchAlignment, offsetAlignment: Int

  init(of buffer: TextureBuffer) {
    heap = buffer.heap
    format = buffer.layout.format
    pitchAlignment = min(Self.powerOfTwo(in: buffer.layout.planes[0].pitch), 256)
    offsetAlignment = min(Self.powerOfTwo(in: buffer.offset + buffer.layout.planes[0].offset), 4096)
  }

  private static func powerOfTwo(in number: Int) -> Int { number == 0 ? .max : number & -number }
}

extension EGLDevice {
  /// Sees to it that the kind of this buffer has been checked, once.
  ///
  /// - Throws: What the check of its kind found wrong, this time or an earlier one.
  func verify(_ buffer: TextureBuffer) throws(RegistrationRefused) {
    let kind = ImageKind(of: buffer)
    if let verdict = state.withLock({ $0.verdicts[kind] }) {
      if let refusal = verdict { throw refusal }
      return
    }
    let trial: TextureBuffer?
    do { trial = try buffer.makeTrial() } catch {
      throw refusal("pixels", wanted: "memory for a trial image", held: "\(error)")
    }
    guard let trial else { return }
    do {
      try check(trial)
      state.withLock { $0.verdicts[kind] = .some(nil) }
    } catch {
      state.withLock { $0.verdicts[kind] = error }
      throw error
    }
  }

  /// The formats of photographs and of glyphs, at a pitch that is no power of two.
  public var trials: [ImageDescriptor] {
    guard importer != nil else { return [] }
    let formats = attributes.formats?.map(\.fourcc) ?? []
    return [Fourcc.abgr8888, .r8].filter(formats.contains).map {
      ImageDescriptor(width: 80, height: 5, formats: [$0])
    }
  }

  /// Writes a pattern into a trial image, imports it, and compares what the GPU shows of the first
  /// and the last row. All of it happens in a context of its own, which a bad import may kill.
  public func check(_ trial: TextureBuffer) throws(RegistrationRefused) {
    guard let importer else { return }
    guard let channels = trial.layout.format.fourcc.channels else {
      throw refusal("formats", wanted: "one that can be checked", held: "\(trial.layout.format)")
    }
    let layout = trial.layout
    let rows = [0, layout.height - 1]
    let shown: [UInt8]
    do {
      shown = try scratch.run { program throws(EGLFailure) in
        let image = try importer.makeImage(of: trial, on: connection)
        defer { importer.destroy(image, on: connection) }
        let texture = makeSampledTexture()
        try withTextureBound(texture) { () throws(EGLFailure) in try importer.bind(image) }
        // Written after the import: a driver that made a copy is found out.
        for row in rows { writePattern(into: trial, row: row) }
        let canvas = try Canvas(width: layout.width, height: rows.count, program)
        for (y, row) in rows.enumerated() {
          let quad = Canvas.Quad(
            x: 0, y: Float(y), width: Float(layout.width), height: 1,
            u: 0, v: Float(row), texelWidth: Float(layout.width), texelHeight: 1)
          canvas.draw([quad], from: .texels(texture))
        }
        return try canvas.readPixels()
      }
    } catch {
      throw refusal(
        "import", wanted: "\(layout.format) of \(trial.heap ?? "an unknown heap")", held: "\(error)"
      )
    }
    for (y, row) in rows.enumerated() {
      let written = Self.pattern(ofRow: row, layout.rowSize(ofPlane: 0))
      for x in 0..<layout.width {
        let place = (y * layout.width + x) * 4
        let (wanted, held) = (channels.colour(of: written, at: x), Array(shown[place..<place + 4]))
        guard zip(wanted, held).allSatisfy({ abs(Int($0) - Int($1)) <= channels.tolerance }) else {
          throw refusal(
            "pixels", wanted: "\(wanted) at \(x), \(row) of \(layout.format)", held: "\(held)")
        }
      }
    }
  }

  private func writePattern(into buffer: TextureBuffer, row: Int) {
    var writer = buffer.writer()
    writer.write(Self.pattern(ofRow: row, writer.rowSize).span, row: row)
  }

  /// Bytes that no other row and no shift of the row has.
  private static func pattern(ofRow row: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761 &+ row &* 97 &+ 13) >> 5) }
  }
}
