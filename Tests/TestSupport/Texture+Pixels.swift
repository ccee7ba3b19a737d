internal import ProgramSupport
internal import TexAlloc
package import TexAllocEGL

extension Texture {
  /// What the GPU shows of the whole texture: `R`, `G`, `B`, `A` bytes, rows from the top.
  package func shownPixels() throws -> [UInt8] {
    let layout = buffer.layout
    let canvas = try Canvas(width: layout.width, height: layout.height)
    canvas.clear(.zero)
    try canvas.draw([Canvas.Quad(whole: layout)], from: .texels(self))
    return try canvas.readPixels()
  }
}
