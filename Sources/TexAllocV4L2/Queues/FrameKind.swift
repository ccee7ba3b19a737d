internal import CV4L2
internal import TexAlloc

/// What the frames of a device are like, and the memory that it takes for them: the component behind a camera,
/// and behind what a decoder makes of one stream.
struct FrameKind: Registrar {
  let node: VideoNode
  let attributes: BufferAttributes
  /// Of every frame.
  let size: ImageSize
  /// The part of the size that is the picture.
  let region: ImageRegion
  /// Most wanted first.
  let formats: [VideoFormat]
  /// What the device does with the memory.
  let usage: AllocationFlags
  /// That there may be memory of for it.
  let heaps: [any Heap]

  /// - Parameters:
  ///   - formats: Those that the device gives, most wanted first, at least one; each with as much room as the
  ///     first.
  ///   - region: The picture within them.
  init(
    of node: VideoNode, _ formats: [VideoFormat], showing region: ImageRegion,
    for usage: AllocationFlags, from heaps: [any Heap]
  ) {
    self.node = node
    self.heaps = heaps
    self.formats = formats
    self.usage = usage
    let whole = formats[0].size
    // A picture in the corner is an image of its own size, whose padding nobody sees.
    let isInCorner =
      region.x == 0 && region.y == 0
      && formats.allSatisfy { $0.heightAlignment(showing: region.height) != nil }
    let shown = isInCorner ? region.size : whole
    (self.size, self.region) = (shown, region)
    attributes = BufferAttributes(
      name: node.name,
      alternatives: formats.map { $0.constraints(of: shown, asked: node) }
    ) {
      $0.deviceUsage = Array(usage.deviceUsage)
      $0.heaps = heaps.isEmpty ? nil : heaps.map(\.name)
      $0.minBuffers = node.leastBuffers
    }
  }

  /// Images that a pool has for this device and all who use its frames.
  func image(in formats: [Fourcc]) -> ImageDescriptor {
    let frames = BufferAttributes(name: "frames of \(name)") {
      $0.formats = formats.map { Format($0) }
      $0.deviceUsage = Array(usage.deviceUsage)
    }
    let first = self.formats.first { $0.fourcc == formats.first }
    return ImageDescriptor(
      width: size.width, height: size.height, writtenBy: frames, colour: first?.colour ?? .video,
      alpha: .opaque)
  }

  /// Has the device write such images from now on.
  ///
  /// - Parameters:
  ///   - fourcc: Of the formats.
  ///   - pitch: The least where nil.
  func take(_ fourcc: Fourcc, _ pitch: Int?) throws(VideoError) -> VideoFormat {
    let index = formats.firstIndex { $0.fourcc == fourcc } ?? 0
    let wanted = formats[index]
    let pitch = pitch ?? leastPitch(of: index)
    do throws(SystemFailure) {
      guard
        let format = try VideoFormat.negotiate(
          wanted.fourcc, wanted.size, pitch: pitch, sets: true, with: node),
        format.fourcc == wanted.fourcc, format.size == wanted.size, format.pitch == pitch
      else { throw SystemFailure("VIDIOC_S_FMT", on: node.path.string, .invalidArgument) }
      return format
    } catch {
      throw VideoError(error)
    }
  }

  private func leastPitch(of format: Int) -> Int {
    let constraints = attributes.alternatives[format]
    let alignment = constraints.pitchAlignment ?? 1
    return ((constraints.minPitch ?? formats[format].pitch) + alignment - 1) / alignment * alignment
  }

  /// Has the driver take one buffer of the kind into its queue, and give it back. Its format is then as it was.
  func check(_ trial: TextureBuffer, on route: Route) throws(RegistrationRefused) {
    do throws(VideoError) {
      let before: FormatEntry
      do { before = try FormatEntry(of: node, .capture) } catch { throw VideoError(error) }
      // After the queue is gone.
      defer {
        var before = before
        try? before.set(on: node)
      }
      _ = try take(trial.layout.format.fourcc, trial.layout.planes[0].pitch)
      let queue = try BufferQueue(of: node, .capture, count: 1, in: .dmaBuf)
      defer { queue.close() }
      try queue.enqueue(trial, at: 0)
    } catch {
      throw RegistrationRefused(
        .importFailed, by: name, field: "VIDIOC_QBUF",
        wanted: "memory that the driver takes", held: "\(error)")
    }
  }

  /// Checks that frames can be written into a buffer: it is one of the device's format, size and pitch, and
  /// begins its memory.
  func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> VideoBuffer {
    try attributes.accept(buffer)
    let layout = buffer.layout
    func refuse(
      _ cause: RegistrationRefused.Cause, _ field: String, _ wanted: String, _ held: String
    ) -> RegistrationRefused {
      RegistrationRefused(cause, by: name, field: field, wanted: wanted, held: held)
    }
    guard buffer.descriptor != nil else {
      throw refuse(.heap, "descriptor", "one dma-buf", "none, or several")
    }
    guard buffer.offset == 0, layout.planes[0].offset == 0 else {
      throw refuse(.offset, "offset", "0", "\(buffer.offset + layout.planes[0].offset)")
    }
    let rows = formats.first { $0.fourcc == layout.format.fourcc }?.size.height ?? layout.height
    for (index, plane) in layout.planes.enumerated().dropFirst() {
      let before = layout.planes[index - 1]
      let end = before.offset + before.pitch * layout.shapes[index - 1].rows(down: rows)
      guard plane.offset == end, plane.pitch == before.pitch else {
        throw refuse(
          .offset, "planes", "behind one another with one pitch of \(before.pitch)",
          "\(plane.pitch) bytes a row from \(plane.offset) on, behind \(end)")
      }
    }
    return VideoBuffer(component: name, buffer: buffer)
  }
}
