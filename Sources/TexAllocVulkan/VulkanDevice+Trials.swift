internal import CVulkan
internal import Synchronization
public import TexAlloc

extension VulkanDevice {
  /// Sees to it that the kind of this buffer has been checked, once.
  ///
  /// - Throws: What the check found wrong, this time or an earlier one.
  func verify(
    _ buffer: TextureBuffer, on route: Route
  ) throws(RegistrationRefused) -> VulkanTexture.PixelCheck {
    if try isKnown(buffer, on: route) { return .trial }
    guard channels(of: buffer.layout) != nil else {
      return .none(because: "\(buffer.layout.format) has no pixels that stand for themselves")
    }
    let trial: TextureBuffer?
    do { trial = try buffer.makeTrial() } catch {
      throw refusal(.trial, "pixels", wanted: "memory for a trial image", held: "\(error)")
    }
    guard let trial else { return .none(because: "no trial image of its kind can be had") }
    try check(trial, on: route, as: buffer)
    return .trial
  }

  public func check(_ trial: TextureBuffer, on route: Route) throws(RegistrationRefused) {
    try requireDevice()
    _ = try planeFormats(of: trial.layout)
    guard channels(of: trial.layout) != nil else { return }
    if try !isKnown(trial, on: route) { try check(trial, on: route, as: trial) }
  }

  private func isKnown(
    _ buffer: TextureBuffer, on route: Route
  ) throws(RegistrationRefused) -> Bool {
    try state.withLock { $0.verdicts[route] }?.known(buffer) != nil
  }

  /// What a shader is to see of the texels of each plane; nil where they do not stand for themselves.
  private func channels(of layout: ImageLayout) -> [PixelChannels]? {
    let channels = layout.shapes.compactMap { shape in
      shape.texels.flatMap { PixelChannels(shape: $0, sampling: layout.sampling) }
    }
    return channels.isEmpty || channels.count < layout.shapes.count ? nil : channels
  }

  /// Checks a trial image, and keeps the verdict for all that lie like the buffer.
  private func check(
    _ trial: TextureBuffer, on route: Route, as buffer: TextureBuffer
  ) throws(RegistrationRefused) {
    func keep(_ outcome: Result<Bool, RegistrationRefused>) {
      state.withLock { $0.verdicts[route, default: PixelVerdicts()].keep(outcome, for: buffer) }
    }
    do throws(RegistrationRefused) {
      try compare(trial, on: route)
      keep(.success(true))
    } catch {
      // What has nothing to do with the kind may be better the next time.
      if [.importFailed, .pixels, .pitch, .offset, .size, .heap].contains(error.cause) {
        keep(.failure(error))
      }
      throw error
    }
  }

  /// Writes a picture into a trial image and compares what the GPU shows of the first and the last row;
  /// then the same with another picture: a driver that takes a snapshot is found out.
  private func compare(
    _ trial: TextureBuffer, on route: Route
  ) throws(RegistrationRefused) {
    let layout = trial.layout
    guard let channels = channels(of: layout) else { return }
    let formats = try planeFormats(of: layout)
    let images = try makeImages(of: trial, formats)
    let content = TextureContent.imported(images)
    for turn in 0..<2 {
      for plane in layout.planes.indices {
        for row in edgeRows(ofPlane: plane, of: layout) {
          let bytes = layout.trialPattern(ofRow: row, plane: plane, turn: turn)
          trial.storeRows(bytes.span, row..<row + 1, ofPlane: plane)
        }
      }
      for (plane, image) in images.enumerated() {
        let rows = edgeRows(ofPlane: plane, of: layout)
        let shown: [[UInt8]]
        do throws(VulkanFailure) {
          shown = try unsafe texelFetch().texels(
            ofRows: rows, image.size.width, in: image.view, as: LinearImage.layout,
            after: content.takeBarriers)
        } catch {
          noteLoss(error)
          throw refusal(
            error.cause == .lost ? .lost : .importFailed, "import",
            wanted: "\(layout.format) of \(trial.heap ?? "unknown")", held: "\(error)")
        }
        for (row, held) in zip(rows, shown) {
          let wanted = channels[plane].colours(
            of: layout.trialPattern(ofRow: row, plane: plane, turn: turn))
          try compare(
            held, with: wanted, within: channels[plane].tolerance,
            "\(row) of plane \(plane) of \(layout.format)"
              + (turn > 0 ? ", written again" : ""))
        }
      }
    }
  }

  private func compare(
    _ shown: [UInt8], with expected: [[UInt8]?], within tolerance: Int, _ place: String
  ) throws(RegistrationRefused) {
    for (x, wanted) in expected.enumerated() {
      guard let wanted else { continue }
      let held = Array(shown[x * 4..<x * 4 + 4])
      guard zip(wanted, held).allSatisfy({ abs(Int($0) - Int($1)) <= tolerance }) else {
        throw refusal(
          .pixels, "pixels", wanted: "\(wanted) at \(x), \(place)", held: "\(held)")
      }
    }
  }

  private func edgeRows(ofPlane plane: Int, of layout: ImageLayout) -> [Int] {
    Set([0, layout.rowCount(ofPlane: plane) - 1]).sorted()
  }

  func texelFetch() throws(VulkanFailure) -> TexelFetch {
    try fetch.withLock { known in
      if let known { return known }
      let made = Result { () throws(VulkanFailure) in try TexelFetch(on: work, in: ledger) }
      known = made
      return made
    }.get()
  }
}
