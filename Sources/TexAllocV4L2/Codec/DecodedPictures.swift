internal import CV4L2
internal import TexAlloc

/// The driver's side of a stream that has pictures: memory for them, made anew where they change.
struct DecodedPictures: Sendable {
  private let device: VideoNode
  private let components: [any Component]
  private let flags: AllocationFlags
  private let buffers: Int
  private let heaps: [any Heap]
  /// nil before the decoder knows what the pictures are like.
  private(set) var ring: FrameRing?

  init(
    of device: VideoNode, for components: [any Component], _ flags: AllocationFlags, buffers: Int,
    from heaps: [any Heap]
  ) {
    self.device = device
    self.components = components
    self.flags = flags
    self.buffers = buffers
    self.heaps = heaps
  }

  /// Memory for what the decoder has found the pictures to be.
  mutating func setUp() throws(VideoError) {
    ring?.close()
    ring = nil
    let kind = try kind()
    ring = try FrameRing(
      of: kind, for: components, flags, buffers: max(buffers, device.leastBuffers))
  }

  /// What the decoder has found the pictures to be.
  func kind() throws(VideoError) -> FrameKind {
    let own: VideoFormat?
    let entry: FormatEntry
    do {
      entry = try FormatEntry(of: device, .capture)
      own = try VideoFormat.current(of: device)
    } catch {
      throw VideoError(error)
    }
    // A driver may let others be set than the stream has, and then has no pictures.
    let known = VideoFormat.all(of: device)
    let wanted = known.filter { fourcc in
      VideoFormat.isAlike(fourcc, entry.code)
    }
    var formats: [VideoFormat] = []
    for fourcc in wanted {
      do throws(SystemFailure) {
        guard let format = try VideoFormat.negotiate(fourcc, entry.size, with: device),
          format.fourcc == fourcc, format.scanning != .fields
        else { continue }
        formats.append(format)
      } catch {
        throw VideoError(error)
      }
    }
    // What the decoder writes unless it is asked for another comes first; all have as much room.
    if let own, let index = formats.firstIndex(where: { $0.fourcc == own.fourcc }) {
      formats.insert(formats.remove(at: index), at: 0)
    }
    guard let first = formats.first else {
      throw .format(device: device.path.string, wanted: [], held: known)
    }
    formats.removeAll { $0.size != first.size }
    return FrameKind(
      of: device, formats, showing: try shown(of: first.size), for: .decode, from: heaps)
  }

  /// The picture within what the decoder writes: all of it where the driver does not say.
  private func shown(of size: ImageSize) throws(VideoError) -> ImageRegion {
    var selection = v4l2_selection()
    selection.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
    selection.target = UInt32(V4L2_SEL_TGT_COMPOSE)
    guard
      (try? device.call("VIDIOC_G_SELECTION", texalloc_g_selection, &selection)) != nil
    else { return ImageRegion(of: size) }
    let region = ImageRegion(
      x: Int(selection.r.left), y: Int(selection.r.top), width: Int(selection.r.width),
      height: Int(selection.r.height))
    guard region.isPart(of: size) else {
      throw .failed(SystemFailure("VIDIOC_G_SELECTION", on: device.path.string, .outOfRange))
    }
    return region
  }
}
