import CEGL
import TexAlloc
import XCTest

@testable import TexAllocEGL

/// What an external texture shows of a buffer: for formats that no other texture samples.
enum ExternalView {
  /// `R`, `G`, `B`, `A` bytes, rows from the top, unfiltered.
  ///
  /// - Parameter change: Made to the buffer after it was imported.
  static func pixels(
    of buffer: TextureBuffer, on gpu: EGLDevice, after change: () -> Void
  ) throws -> [UInt8] {
    let importer = try XCTUnwrap(gpu.importer)
    let image = try importer.makeImage(of: buffer, on: gpu.connection)
    defer { importer.destroy(image, on: gpu.connection) }
    var texture: GLuint = 0
    unsafe glGenTextures(1, &texture)
    defer { unsafe glDeleteTextures(1, &texture) }
    let target = GLenum(GL_TEXTURE_EXTERNAL_OES)
    glBindTexture(target, texture)
    try importer.bind(image, to: GL_TEXTURE_EXTERNAL_OES)
    change()
    return try TexelFetch(from: GL_TEXTURE_EXTERNAL_OES).texels(
      ofRows: Array(0..<buffer.layout.height), of: buffer.layout.imageSize, in: texture)
  }
}
