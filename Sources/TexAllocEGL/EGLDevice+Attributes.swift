internal import CEGL
public import TexAlloc

extension EGLDevice {
  /// The attributes of its profiles. A copy of the pixels has no quirks.
  public var quirks: [BufferAttributes] { importer == nil ? [] : profiles.map(\.attributes) }

  /// A software device is the CPU, and on x86 every device snoops the CPU's caches. Elsewhere nobody
  /// tells.
  public var isCoherent: Bool {
    #if arch(x86_64) || arch(i386)
      true
    #else
      connection.isSoftware
    #endif
  }

  /// What the device can live with, asked of the display and of the context that is current.
  static func attributes(
    of connection: EGLConnection, _ importer: DMABufImport?
  ) -> BufferAttributes {
    BufferAttributes(name: "gpu") {
      var size: GLint = 0
      unsafe glGetIntegerv(GLenum(GL_MAX_TEXTURE_SIZE), &size)
      $0.maxWidth = Int(size)
      $0.maxHeight = Int(size)
      $0.deviceUsage = [.sample]
      if let importer {
        $0.deviceUsage = [.sample, .render]
        $0.formats = sampledFormats(of: connection, importer)
        $0.heaps = heaps(near: connection).map(\.name)
      } else {
        $0.formats = Fourcc.known.filter { UploadFormat($0) != nil }.map { Format($0) }
        $0.caching = [.cached]
        $0.cpuUsage = [.read]
      }
    }
  }

  /// The heaps that it may import from: those of its own node first, those of other cards last.
  private static func heaps(near connection: EGLConnection) -> [any Heap] {
    let heaps = Heaps.present().filter { connection.isSoftware || $0.name != MemfdHeap.name }
    guard !connection.nodes.isEmpty else { return heaps }
    func isOwn(_ heap: any Heap) -> Bool? {
      let node = (heap as? GBMHeap)?.node ?? (heap as? DumbBufferHeap)?.node
      return node.map(connection.nodes.contains)
    }
    return [true, nil, false].flatMap { own in heaps.filter { isOwn($0) == own } }
  }

  /// The linear formats of one plane that a `GL_TEXTURE_2D` samples. Images of several planes are
  /// advertised by drivers that then refuse them, so planes are imported one by one.
  private static func sampledFormats(
    of connection: EGLConnection, _ importer: DMABufImport
  ) -> [Format] {
    let known = Fourcc.known.filter { $0.planes?.count == 1 }.map { Format($0) }
    guard let advertised = importer.advertised(by: connection) else { return known }
    let sampled = Set(advertised.lazy.filter { !$0.isExternalOnly }.map(\.format))
    return known.filter(sampled.contains)
  }
}
