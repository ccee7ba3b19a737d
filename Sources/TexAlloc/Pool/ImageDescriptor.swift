/// An image before it has memory: its size, and who will write it.
public struct ImageDescriptor: Hashable, Sendable {
  /// Pixels.
  public var width, height: Int
  /// What the one that writes the pixels can live with: a decoder, a camera, the application.
  public var writer: BufferAttributes

  public init(width: Int, height: Int, writtenBy writer: BufferAttributes) {
    self.width = width
    self.height = height
    self.writer = writer
  }

  /// An image that the application writes itself, row by row, in one of these formats.
  public init(width: Int, height: Int, formats: [Fourcc]) {
    self.init(
      width: width, height: height,
      writtenBy: BufferAttributes(name: "application") {
        $0.formats = formats.map { Format($0) }
        $0.pitchAlignment = PlaneWriter.lineSize
        $0.offsetAlignment = PlaneWriter.lineSize
        $0.cpuUsage = [.sequentialWrite]
      })
  }
}
