internal import CEGL
public import TexAlloc

/// What a device says of itself: for reports, and for choosing a quirk profile.
public struct DeviceDescription: Hashable, Sendable {
  /// Mesa's name of the driver: `swrast`, `iris`.
  public let driver: String
  public let isSoftware: Bool
  /// Why this device was chosen.
  public let reason: String
  /// That of its context: shaders are written in the one's language or the other's.
  public let api: GraphicsAPI
  /// `GL_VENDOR`, `GL_RENDERER` and `GL_VERSION`.
  public let vendor, renderer, version: String
  /// Sorted.
  public let clientExtensions, displayExtensions: [String]
  /// `GL_MAX_TEXTURE_SIZE` in pixels.
  public let maxTextureSize: Int

  /// The devices that would have come before it, each with what went wrong.
  public let passedOver: [PassedOverDevice]

  init(
    of connection: EGLConnection, _ traits: ContextTraits, after passedOver: [PassedOverDevice]
  ) {
    self.passedOver = passedOver
    driver = connection.driver
    isSoftware = connection.isSoftware
    reason = connection.reason
    api = traits.version.api
    vendor = glString(GL_VENDOR)
    renderer = glString(GL_RENDERER)
    version = glString(GL_VERSION)
    clientExtensions = connection.clientExtensions.map(String.init).sorted()
    displayExtensions = connection.extensions.map(String.init).sorted()
    maxTextureSize = Int(glInteger(GL_MAX_TEXTURE_SIZE))
  }
}

/// A device that was not taken though it came first.
public struct PassedOverDevice: Hashable, Sendable {
  /// Its DRM node, if it has one.
  public let name: String
  public let failure: EGLFailure
}

extension PassedOverDevice: CustomStringConvertible {
  public var description: String { "\(name): \(failure)" }
}

/// How many textures and render targets took which route.
public struct DeviceStatistics: Hashable, Sendable {
  /// A number for each route.
  struct Numbers: Hashable, Sendable {
    private var imported = 0, transferred = 0, uploaded = 0

    subscript(route: Route) -> Int {
      get {
        switch route {
        case .imported: imported
        case .transferred: transferred
        case .uploaded: uploaded
        }
      }
      set {
        switch route {
        case .imported: imported = newValue
        case .transferred: transferred = newValue
        case .uploaded: uploaded = newValue
        }
      }
    }
  }

  var textures = Numbers()
  var targets = Numbers()
  var bytes = Numbers()

  /// Textures of one route made so far.
  public func textures(_ route: Route) -> Int { textures[route] }
  /// Render targets of one route made so far; an imported one has a texture, too.
  public func renderTargets(_ route: Route) -> Int { targets[route] }
  /// Bytes that were copied on a route: by the GPU where transferred, by the CPU where uploaded.
  public func bytesCopied(_ route: Route) -> Int { bytes[route] }

  public var imported: Int { textures(.imported) }
  public var transferred: Int { textures(.transferred) }
  public var uploaded: Int { textures(.uploaded) }
  /// EGLImages that live, those that wait to be collected among them.
  public internal(set) var liveImages = 0
  /// Textures that took over the EGLImage of one before them, of those imported.
  public internal(set) var reusedImages = 0
  /// EGLImages that no texture has now, kept for the next image at their place.
  public internal(set) var keptImages = 0
}

extension DeviceStatistics: CustomStringConvertible {
  public var description: String {
    func copies(_ route: Route, by copier: String) -> String {
      let bytes = bytesCopied(route)
      return bytes == 0 ? "" : " (the \(copier) copied \(bytes.inMebibytes))"
    }
    return "\(imported) textures imported, \(transferred) transferred"
      + copies(.transferred, by: "GPU") + ", \(uploaded) uploaded" + copies(.uploaded, by: "CPU")
      + "; \(liveImages) images live, \(keptImages) kept, \(reusedImages) used again"
  }
}
