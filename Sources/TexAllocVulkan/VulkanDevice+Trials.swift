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
    try enter()
    defer { leave() }
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
      // What has nothing to do with the kind may be better the next time, and what the driver wants of pitch
      // and size depends on the width.
      if [.importFailed, .copyFailed, .pixels, .heap].contains(error.cause) {
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
    let content: TextureContent
    switch route {
    case .imported: content = .imported(try makeImages(of: trial, formats))
    case .transferred, .uploaded:
      content = .transferred(try makeOwnImages(of: trial, formats, mipmapped: false))
    }
    do throws(RegistrationRefused) {
      try compare(content, with: channels, of: trial)
    } catch {
      discard(content, of: trial)
      throw error
    }
  }

  private func compare(
    _ content: TextureContent, with channels: [PixelChannels], of trial: TextureBuffer
  ) throws(RegistrationRefused) {
    let layout = trial.layout
    for turn in 0..<2 {
      for plane in layout.planes.indices {
        for row in edgeRows(ofPlane: plane, of: layout) {
          let bytes = layout.trialPattern(ofRow: row, plane: plane, turn: turn)
          trial.storeRows(bytes.span, row..<row + 1, ofPlane: plane)
        }
      }
      if case .transferred(let images) = content {
        try copy(0..<layout.height, of: trial, into: images, isNew: turn == 0)
      }
      for (plane, shown) in content.planes.enumerated() {
        let rows = Array(edgeRows(ofPlane: plane, of: layout))
        let rowSize = shown.size.width * 4
        let texels: [UInt8]
        do throws(VulkanFailure) {
          texels = try unsafe texelFetch().texels(
            ofRows: edgeRows(ofPlane: plane, of: layout), of: shown.size, in: shown.view,
            of: content)
        } catch {
          throw refusal(
            cause(of: error, or: .importFailed), "import",
            wanted: "\(layout.format) of \(trial.heap ?? "unknown")", held: "\(error)")
        }
        for (index, row) in rows.enumerated() {
          let wanted = channels[plane].colours(
            of: layout.trialPattern(ofRow: row, plane: plane, turn: turn))
          try compare(
            texels[index * rowSize..<(index + 1) * rowSize], with: wanted,
            within: channels[plane].tolerance,
            "\(row) of plane \(plane) of \(layout.format)"
              + (turn > 0 ? ", written again" : ""))
        }
      }
    }
  }

  func compare(
    _ shown: ArraySlice<UInt8>, with expected: [[UInt8]?], within tolerance: Int, _ place: String
  ) throws(RegistrationRefused) {
    for (x, wanted) in expected.enumerated() {
      guard let wanted else { continue }
      let held = Array(shown.dropFirst(x * 4).prefix(4))
      guard zip(wanted, held).allSatisfy({ abs(Int($0) - Int($1)) <= tolerance }) else {
        throw refusal(
          .pixels, "pixels", wanted: "\(wanted) at \(x), \(place)", held: "\(held)")
      }
    }
  }

  /// The first row and the last.
  private func edgeRows(ofPlane plane: Int, of layout: ImageLayout) -> StrideTo<Int> {
    let count = layout.rowCount(ofPlane: plane)
    return stride(from: 0, to: count, by: max(count - 1, 1))
  }

  func texelFetch() throws(VulkanFailure) -> TexelFetch {
    try fetch.withLock { known throws(VulkanFailure) in
      if let known { return known }
      let made = try TexelFetch(on: work, in: ledger)
      known = made
      return made
    }
  }
}
