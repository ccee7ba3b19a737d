internal import CEGL
internal import Synchronization
public import TexAlloc

/// A form in which images were seen as they were written.
struct SeenForm: Hashable, Sendable {
  let form: TextureForm
  /// Why no better one; nil where there is none.
  let reason: String?
}

extension EGLDevice {
  /// Sees to it that the kind of this buffer has been checked, once; or, where no trial image of the
  /// kind can be had, that this buffer shows its own pixels, if the CPU can read them.
  ///
  /// - Returns: How that is known, and the form in which it is so.
  /// - Throws: What the check found wrong, this time or an earlier one.
  func verify(
    _ buffer: TextureBuffer
  ) throws(RegistrationRefused) -> (check: Texture.PixelCheck, seen: SeenForm) {
    if let seen = try known(buffer) { return (.trial, seen) }
    let forms = forms(of: buffer)
    guard let first = forms.first else {
      throw refusal(
        .format, "formats", wanted: "one of those that it takes", held: "\(buffer.layout.format)")
    }
    guard forms.contains(where: { TrialPicture(buffer.layout, as: $0) != nil }) else {
      let reason = "\(buffer.layout.format) has no pixels that stand for themselves"
      return (.none(because: reason), SeenForm(form: first, reason: nil))
    }
    let trial: TextureBuffer?
    do { trial = try buffer.makeTrial() } catch {
      throw refusal(.trial, "pixels", wanted: "memory for a trial image", held: "\(error)")
    }
    guard let trial else { return try checkContents(of: buffer, in: forms) }
    return (.trial, try checkOnce(trial, as: buffer))
  }

  public func check(_ trial: TextureBuffer, on route: Route) throws(RegistrationRefused) {
    if route == .imported { try checkSampling(of: trial.layout) }
    // What its pixels are to look like is not known of every format; registering decides.
    guard forms(of: trial).contains(where: { TrialPicture(trial.layout, as: $0) != nil })
    else { return }
    if try known(trial) == nil { _ = try checkOnce(trial, as: trial) }
  }

  /// The forms that may show a buffer, the best first.
  private func forms(of buffer: TextureBuffer) -> [TextureForm] {
    if openedTextures(of: buffer) != nil { return [.image] }
    if mappedBuffer(of: buffer) != nil {
      return [buffer.layout.planes.count == 1 ? .image : .planes]
    }
    return importer?.forms(of: buffer.layout) ?? []
  }

  /// The form in which images that lie like this one are known to show what is written into them; nil
  /// where that is not known.
  ///
  /// - Throws: What a check found wrong.
  private func known(_ buffer: TextureBuffer) throws(RegistrationRefused) -> SeenForm? {
    try state.withLock { $0.verdicts }.known(buffer)
  }

  /// Checks a trial image, unless another thread does just that: then its verdict holds.
  private func checkOnce(
    _ trial: TextureBuffer, as buffer: TextureBuffer
  ) throws(RegistrationRefused) -> SeenForm {
    try pixelTrial.withLock { _ throws(RegistrationRefused) in
      if let seen = try known(buffer) { return seen }
      return try check(trial, as: buffer)
    }
  }

  /// Checks a trial image in one form after the other, and keeps the verdict for all that lie like the
  /// buffer.
  private func check(
    _ trial: TextureBuffer, as buffer: TextureBuffer
  ) throws(RegistrationRefused) -> SeenForm {
    func keep(_ outcome: Result<SeenForm, RegistrationRefused>) {
      state.withLock { $0.verdicts.keep(outcome, for: buffer) }
    }
    var refusal: RegistrationRefused?
    for form in forms(of: trial) where TrialPicture(trial.layout, as: form) != nil {
      do throws(RegistrationRefused) {
        try check(trial, in: form)
        let seen = SeenForm(form: form, reason: reason(for: form, of: trial, after: refusal))
        keep(.success(seen))
        return seen
      } catch {
        // What has nothing to do with the kind may be better the next time.
        guard error.cause == .importFailed || error.cause == .pixels else { throw error }
        refusal = error
      }
    }
    let last =
      refusal
      ?? self.refusal(
        .format, "formats", wanted: "one that can be checked", held: "\(trial.layout.format)")
    keep(.failure(last))
    throw last
  }

  /// Why an image is not shown in a better form.
  private func reason(
    for form: TextureForm, of buffer: TextureBuffer, after refusal: RegistrationRefused?
  ) -> String? {
    guard form == .planes, mappedBuffer(of: buffer) == nil else { return nil }
    let reason =
      refusal.map { "as one image \($0.field): wanted \($0.wanted), held \($0.held)" }
      ?? importer?.obstacle(toWhole: buffer.layout.format)
    return "plane by plane" + (reason.map { ", since " + $0 } ?? "")
  }

  /// Imports a trial image, writes a picture into it and compares what the GPU shows of the first and the
  /// last row; then the same with another picture: a driver that keeps a copy, made at the import or when
  /// it first drew, is found out. All of it happens on the device's own thread, in a context of its own,
  /// which a bad import may kill.
  func check(
    _ trial: TextureBuffer, in form: TextureForm = .image
  ) throws(RegistrationRefused) {
    guard let picture = TrialPicture(trial.layout, as: form) else {
      throw refusal(
        .format, "formats", wanted: "one that can be checked", held: "\(trial.layout.format)")
    }
    let shown = try show(trial, as: form, times: 2) { picture.store(into: trial, $0) }
    for (turn, parts) in shown.enumerated() {
      try compare(parts, of: trial, as: form, isAgain: turn > 0, within: picture.tolerance) {
        picture.colours(ofRow: $1, in: $0, turn)
      }
    }
  }

  /// Compares what the GPU shows of a buffer with what is in it.
  private func checkContents(
    of buffer: TextureBuffer, in forms: [TextureForm]
  ) throws(RegistrationRefused) -> (check: Texture.PixelCheck, seen: SeenForm) {
    let unseen = "no trial image of its kind can be had"
    let checked = forms.first { buffer.layout.channels(as: $0) != nil }
    guard let form = checked ?? forms.first, let channels = buffer.layout.channels(as: form) else {
      return (.none(because: unseen), SeenForm(form: forms[0], reason: nil))
    }
    let seen = SeenForm(
      form: form,
      reason: form == .planes
        ? "plane by plane, since "
          + (form == forms[0]
            ? importer?.obstacle(toWhole: buffer.layout.format) ?? unseen : unseen) : nil)
    var rows: [[[UInt8]]] = []
    do {
      for part in channels.indices {
        let (rowSize, pitch) = (
          buffer.layout.rowSize(ofPlane: part), buffer.layout.planes[part].pitch
        )
        let last = (buffer.layout.rowCount(ofPlane: part) - 1) * pitch
        rows.append(
          try buffer.withContents(ofPlane: part) { bytes in
            [0, last].map { start in (start..<start + rowSize).map { bytes[$0] } }
          })
      }
    } catch {
      return (.none(because: "\(unseen), and \(error)"), seen)
    }
    let shown = try show(buffer, as: form, times: 1) { _ in }
    let tolerance = channels.map(\.tolerance).max() ?? 0
    try compare(shown[0], of: buffer, as: form, within: tolerance) { part, row in
      channels[part].colours(of: rows[part][row == 0 ? 0 : 1])
    }
    return (.contents, seen)
  }

  /// Compares what the GPU shows of the first and the last row of each texture with what it should.
  ///
  /// - Parameters:
  ///   - parts: What it shows.
  ///   - isAgain: Whether it was written before.
  ///   - expected: The colours of a row of a texture; nil where it does not matter.
  private func compare(
    _ parts: [[UInt8]], of buffer: TextureBuffer, as form: TextureForm, isAgain: Bool = false,
    within tolerance: Int, to expected: (_ part: Int, _ row: Int) -> [[UInt8]?]
  ) throws(RegistrationRefused) {
    for (part, shown) in parts.enumerated() {
      let size = buffer.layout.size(of: part, as: form)
      for (y, row) in size.edgeRows.enumerated() {
        for (x, wanted) in expected(part, row).enumerated() {
          guard let wanted else { continue }
          let place = (y * size.width + x) * 4
          let held = Array(shown[place..<place + 4])
          guard zip(wanted, held).allSatisfy({ abs(Int($0) - Int($1)) <= tolerance }) else {
            throw refusal(
              .pixels, "pixels",
              wanted: "\(wanted) at \(x), \(row) of"
                + (form == .planes ? " plane \(part) of" : "") + " \(buffer.layout.format)"
                + (isAgain ? ", written again" : ""),
              held: "\(held)")
          }
        }
      }
    }
  }

  /// What the GPU shows of the first and the last row of each texture of a buffer, time after time, in a
  /// context of the device's own: scratch where the image is imported, and the one that has the mapped
  /// buffers where it is copied.
  ///
  /// - Parameter prepare: Done to the buffer after the import, before each time that it is drawn.
  private func show(
    _ buffer: TextureBuffer, as form: TextureForm, times: Int,
    beforeEach prepare: (_ turn: Int) -> Void
  ) throws(RegistrationRefused) -> [[[UInt8]]] {
    let layout = buffer.layout
    let (mapped, memory) = (mappedBuffer(of: buffer), openedTextures(of: buffer))
    let context = mapped == nil && memory == nil ? scratch : maker
    do { try context.run {} } catch {
      throw refusal(.trial, "context", wanted: "one to try images in", held: "\(error)")
    }
    do {
      return try context.run { () throws(EGLFailure) in
        let fetch = try context.texelFetch(from: Int32(form.target))
        func texels(
          of textures: TextureObjects, copying: () -> Void = {}
        ) throws(EGLFailure) -> [[[UInt8]]] {
          defer { unsafe glDeleteTextures(GLsizei(textures.parts.count), textures.names) }
          return try (0..<times).map { turn throws(EGLFailure) in
            prepare(turn)
            copying()
            return try textures.parts.enumerated().map { part, texture throws(EGLFailure) in
              let size = layout.size(of: part, as: form)
              return try fetch.texels(ofRows: size.edgeRows, of: size, in: texture.name)
            }
          }
        }
        if let mapped {
          guard let formats = UploadFormat.planes(of: layout) else { return [] }
          let textures = try makeOwnTextures(layout, formats, mipmapped: false)
          return try texels(of: textures) {
            textures.copy(0..<layout.height, of: buffer, in: mapped, formats)
          }
        }
        if let memory { return try texels(of: memory.makeTexture(of: buffer)) }
        guard let importer else { return [] }
        let textures = try importer.makeTextures(of: buffer, as: form, on: connection)
        defer {
          for image in textures.parts.compactMap(\.image) {
            importer.destroy(image, on: connection)
          }
        }
        return try texels(of: textures)
      }
    } catch {
      throw importFailed(of: buffer, error)
    }
  }
}

extension ImageSize {
  /// The first row and the last.
  fileprivate var edgeRows: [Int] { [0, height - 1] }
}
