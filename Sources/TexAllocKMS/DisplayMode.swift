internal import CDRM
public import TexAlloc

/// A size and a rate that a screen can be driven with.
public struct DisplayMode: Hashable, Sendable {
  /// As the driver calls it: `1024x768`.
  public let name: String
  /// Pixels.
  public let size: ImageSize
  /// Pictures a second, in thousandths.
  public let millihertz: Int
  /// Whether the screen likes it best.
  public let isPreferred: Bool
  /// What the kernel gave and is given back.
  let timing: Timing

  /// `drm_mode_modeinfo` without its name, which counts for nothing.
  struct Timing: Hashable, Sendable {
    let clock: UInt32
    let horizontal, vertical: [UInt16]
    let rate, flags: UInt32
    let kind: UInt32
  }
}

extension DisplayMode {
  init(_ mode: drm_mode_modeinfo) {
    name = unsafe withUnsafeBytes(of: mode.name) { unsafe String(kernel: $0) }
    size = ImageSize(width: Int(mode.hdisplay), height: Int(mode.vdisplay))
    isPreferred = mode.type & UInt32(DRM_MODE_TYPE_PREFERRED) != 0
    timing = Timing(
      clock: mode.clock,
      horizontal: [mode.hdisplay, mode.hsync_start, mode.hsync_end, mode.htotal, mode.hskew],
      vertical: [mode.vdisplay, mode.vsync_start, mode.vsync_end, mode.vtotal, mode.vscan],
      rate: mode.vrefresh, flags: mode.flags, kind: mode.type)
    let total = Int(mode.htotal) * Int(mode.vtotal)
    millihertz =
      total == 0
      ? Int(mode.vrefresh) * 1000 : (Int(mode.clock) * 1_000_000 + total / 2) / total
  }

  /// For the kernel.
  var info: drm_mode_modeinfo {
    var mode = drm_mode_modeinfo()
    let (h, v) = (timing.horizontal, timing.vertical)
    mode.clock = timing.clock
    (mode.hdisplay, mode.hsync_start, mode.hsync_end) = (h[0], h[1], h[2])
    (mode.htotal, mode.hskew) = (h[3], h[4])
    (mode.vdisplay, mode.vsync_start, mode.vsync_end) = (v[0], v[1], v[2])
    (mode.vtotal, mode.vscan) = (v[3], v[4])
    (mode.vrefresh, mode.flags, mode.type) = (timing.rate, timing.flags, timing.kind)
    return mode
  }

  /// Of the modes of a size, the preferred one, else the quickest; without a size, the one that the screen
  /// prefers, else the largest.
  static func chosen(of modes: [DisplayMode], _ size: ImageSize?) -> DisplayMode? {
    let suiting = modes.filter { size == nil || $0.size == size }
    return suiting.first(where: \.isPreferred)
      ?? suiting.max {
        ($0.size.width * $0.size.height, $0.millihertz)
          < ($1.size.width * $1.size.height, $1.millihertz)
      }
  }

  /// The mode whose size is the least away.
  static func nearest(of modes: [DisplayMode], to size: ImageSize) -> DisplayMode? {
    func distance(_ mode: DisplayMode) -> Int {
      abs(mode.size.width - size.width) + abs(mode.size.height - size.height)
    }
    return modes.min { distance($0) < distance($1) }
  }
}

extension DisplayMode: CustomStringConvertible {
  public var description: String {
    "\(size.width)x\(size.height) at \(millihertz / 1000).\((millihertz % 1000) / 100) Hz"
  }
}

/// A mode for a commit.
struct ModeBlob: ~Copyable {
  let id: UInt32
  private let card: Card

  init(_ mode: DisplayMode, on card: Card) throws(SystemFailure) {
    var info = [mode.info]
    var request = drm_mode_create_blob()
    request.length = UInt32(MemoryLayout<drm_mode_modeinfo>.size)
    try info.asKernelList { address throws(SystemFailure) in
      request.data = address
      try card.call("MODE_CREATEPROPBLOB", texalloc_drm_make_blob, &request)
    }
    (id, self.card) = (request.blob_id, card)
  }

  deinit {
    var request = drm_mode_destroy_blob(blob_id: id)
    _ = try? card.call("MODE_DESTROYPROPBLOB", texalloc_drm_destroy_blob, &request)
  }
}

extension DisplayMode.Timing {
  /// Whether it drives the screen in the same way; what the screen likes best may change.
  func isSame(as other: Self) -> Bool {
    clock == other.clock && horizontal == other.horizontal && vertical == other.vertical
      && flags == other.flags
  }
}

/// What a screen showed before this did, in its mode.
struct FormerPicture: Sendable {
  let framebuffer: UInt32
  /// Of the framebuffer, where the picture begins.
  let corner: (x: UInt32, y: UInt32)
  let mode: DisplayMode

  /// nil where it showed nothing.
  init?(on crtc: UInt32, of card: Card) {
    var answer = drm_mode_crtc()
    answer.crtc_id = crtc
    guard (try? card.call("MODE_GETCRTC", texalloc_drm_crtc, &answer)) != nil,
      answer.mode_valid != 0, answer.fb_id != 0
    else { return nil }
    framebuffer = answer.fb_id
    corner = (answer.x, answer.y)
    mode = DisplayMode(answer.mode)
  }
}
