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

  /// - Parameter size: As it is shown, where that is not as it is stored.
  package init(
    _ texture: Texture, as size: ImageSize? = nil, bytesCopied: Int, decoding: Duration? = nil,
    registering: Duration? = nil
  ) {
    self.init(
      texture.buffer, texture.route, because: texture.reason, as: size, bytesCopied: bytesCopied,
      decoding: decoding, registering: registering)
  }

  package init(
    _ texture: VulkanTexture, as size: ImageSize? = nil, decoding: Duration? = nil,
    registering: Duration? = nil
  ) {
    self.init(
      texture.buffer, texture.route, because: texture.reason, as: size, bytesCopied: 0,
      decoding: decoding, registering: registering)
  }

  private init(
    _ buffer: TextureBuffer, _ route: Route, because reason: String?, as size: ImageSize?,
    bytesCopied: Int, decoding: Duration?, registering: Duration?
  ) {
    name = buffer.name
    width = size?.width ?? buffer.layout.width
    height = size?.height ?? buffer.layout.height
    format = "\(buffer.layout.format)"
    self.route = route
    _reason = NullEncoded(wrappedValue: reason)
    heap = buffer.heap ?? "unknown"
    pitch = buffer.layout.planes[0].pitch
    offset = buffer.offset
    self.bytesCopied = bytesCopied
    decodeMilliseconds = decoding?.milliseconds
    registerMilliseconds = registering?.milliseconds
  }

  /// The route, and why no better one, for people.
  package var way: String { "\(route)" + (reason.map { " because \($0)" } ?? "") }
}
