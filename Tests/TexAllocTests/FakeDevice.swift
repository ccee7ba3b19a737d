import TexAlloc

/// A device that refuses the memory of one heap once it has tried it.
final class FakeDevice: Registrar {
  final class Handle: Registration {
    let component = "device"
    let buffer: TextureBuffer
    init(_ buffer: TextureBuffer) { self.buffer = buffer }
  }

  let attributes: BufferAttributes
  let isCoherent: Bool
  let copying: BufferAttributes?
  private let refusedHeap: String?

  init(
    refusing heap: String? = nil, isCoherent: Bool = true, copying: BufferAttributes? = nil,
    _ set: (inout BufferConstraints) -> Void = { _ in }
  ) {
    refusedHeap = heap
    self.isCoherent = isCoherent
    self.copying = copying
    attributes = BufferAttributes(name: "device") {
      $0.deviceUsage = [.sample]
      set(&$0)
    }
  }

  var trials: [ImageDescriptor] {
    [ImageDescriptor(width: 16, height: 2, formats: [.abgr8888])]
  }

  func check(_ trial: TextureBuffer) throws(RegistrationRefused) {
    guard trial.heap == refusedHeap else { return }
    throw RegistrationRefused(
      .pixels, by: name, field: "pixels", wanted: "those written", held: "others")
  }

  func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> Handle { Handle(buffer) }
}
