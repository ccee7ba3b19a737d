package import TexAlloc
package import TexAllocEGL
package import TexAllocVulkan

/// What became of one texture, in the reports of programs.
package struct TextureReport: Encodable {
  package let name: String
  /// Upright.
  package let width, height: Int
  package let format: String
  package let route: Route
  /// Why it took no better one.
  @NullEncoded package private(set) var reason: String?
  package let heap: String
  /// Bytes, as the memory lies in its slab.
  package let pitch, offset: Int
  /// By the CPU: beyond the decode of a photograph; what was rasterised of a glyph page.
  package let bytesCopied: Int
  package let decodeMilliseconds: Double?
  package let registerMilliseconds: Double?

  /// - Parameters:
  ///   - size: As it is shown, where that is not as it is stored.
  ///   - bytesCopied: Where it is more than what was uploaded.
  package init(
    _ texture: some DrawnTexture, as size: ImageSize? = nil, bytesCopied: Int? = nil,
    decoding: Duration? = nil, registering: Duration? = nil
  ) {
    let buffer = texture.buffer
    name = buffer.name
    width = size?.width ?? buffer.layout.width
    height = size?.height ?? buffer.layout.height
    format = "\(buffer.layout.format)"
    route = texture.route
    _reason = NullEncoded(wrappedValue: texture.reason)
    heap = buffer.heap ?? "unknown"
    pitch = buffer.layout.planes[0].pitch
    offset = buffer.offset
    self.bytesCopied = bytesCopied ?? texture.bytesUploaded
    decodeMilliseconds = decoding?.milliseconds
    registerMilliseconds = registering?.milliseconds
  }

  /// The route, and why no better one, for people.
  package var way: String { "\(route)" + (reason.map { " because \($0)" } ?? "") }
}

/// A texture of either API.
package protocol DrawnTexture: Registration {
  var route: Route { get }
  /// Why no better route was taken.
  var reason: String? { get }
  /// By the CPU, so far.
  var bytesUploaded: Int { get }
}

extension Texture: DrawnTexture {}

extension VulkanTexture: DrawnTexture {
  package var bytesUploaded: Int { 0 }
}
