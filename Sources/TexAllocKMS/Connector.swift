internal import CDRM
internal import TexAlloc

/// Where a screen is plugged in, and what it was when it was looked at.
public struct Connector: Hashable, Sendable {
  public enum Status: String, Sendable {
    case connected, disconnected
    /// The hardware cannot tell.
    case unknown
  }

  /// As the kernel calls it: `HDMI-A-1`.
  public let name: String
  public let status: Status
  /// Best first, as the driver has them.
  public let modes: [DisplayMode]
  let id: UInt32
  /// What drives it now, and what could.
  let encoder: UInt32
  let encoders: [UInt32]
}

extension Connector {
  /// As in `/sys/class/drm`, by `DRM_MODE_CONNECTOR_*`.
  private static let kinds = [
    "Unknown", "VGA", "DVI-I", "DVI-D", "DVI-A", "Composite", "SVIDEO", "LVDS", "Component", "DIN",
    "DP", "HDMI-A", "HDMI-B", "TV", "eDP", "Virtual", "DSI", "DPI", "Writeback", "SPI", "USB",
  ]

  /// - Parameter isProbed: Whether the driver is to ask the screen itself, which can take a while, and not
  ///   tell what it last heard.
  init(_ id: UInt32, of card: Card, isProbed: Bool) throws(SystemFailure) {
    var answer = drm_mode_get_connector()
    var modes = [drm_mode_modeinfo](repeating: drm_mode_modeinfo(), count: 1)
    var encoders: [UInt32] = []
    var asksTheScreen = isProbed
    // Until the lists hold what there is. Room for no mode has the driver ask the screen.
    while true {
      answer = drm_mode_get_connector()
      answer.connector_id = id
      answer.count_modes = asksTheScreen ? 0 : UInt32(modes.count)
      answer.count_encoders = UInt32(encoders.count)
      try modes.asKernelList { address throws(SystemFailure) in
        answer.modes_ptr = address
        try encoders.asKernelList { address throws(SystemFailure) in
          answer.encoders_ptr = address
          try card.call("MODE_GETCONNECTOR", texalloc_drm_connector, &answer)
        }
      }
      let (modeCount, encoderCount) = (Int(answer.count_modes), Int(answer.count_encoders))
      let fits = modeCount <= modes.count && encoderCount <= encoders.count
      if fits && !asksTheScreen {
        modes.removeLast(modes.count - modeCount)
        encoders.removeLast(encoders.count - encoderCount)
        break
      }
      asksTheScreen = false
      modes = [drm_mode_modeinfo](
        repeating: drm_mode_modeinfo(), count: Swift.max(modeCount, 1))
      encoders = [UInt32](repeating: 0, count: encoderCount)
    }
    let kind = Int(answer.connector_type)
    name =
      (Self.kinds.indices.contains(kind) ? Self.kinds[kind] : Self.kinds[0])
      + "-\(answer.connector_type_id)"
    status =
      switch answer.connection {
      case 1: .connected
      case 2: .disconnected
      default: .unknown
      }
    self.modes = modes.map { DisplayMode($0) }
    self.id = id
    encoder = answer.encoder_id
    self.encoders = encoders
  }
}
