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
  private let refusedHeap: String?
  private let offers: [Route: RouteOffer]

  /// - Parameter offers: Besides importing by its attributes.
  init(
    _ name: String = "device", refusing heap: String? = nil, isCoherent: Bool = true,
    offers: [Route: RouteOffer] = [:],
    _ set: (inout BufferConstraints) -> Void = { _ in }
  ) {
    refusedHeap = heap
    self.isCoherent = isCoherent
    attributes = BufferAttributes(name: name) {
      $0.deviceUsage = [.sample]
      set(&$0)
    }
    self.offers = offers.merging([.imported: RouteOffer(attributes)]) { given, _ in given }
  }

  func offer(
    on route: Route, for usage: Set<DeviceUsage>
  ) throws(RouteRefused) -> RouteOffer {
    guard let offer = offers[route] else { throw RouteRefused(because: "it does not") }
    return offer
  }

  func check(_ trial: TextureBuffer, on route: Route) throws(RegistrationRefused) {
    guard trial.heap == refusedHeap else { return }
    throw RegistrationRefused(
      .pixels, by: name, field: "pixels", wanted: "those written", held: "others")
  }

  func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> Handle { Handle(buffer) }
}

extension RouteOffer {
  /// What a fake device takes on a route.
  static func fake(
    _ name: String = "device", heaps: [any Heap] = [],
    _ set: (inout BufferConstraints) -> Void = { _ in }
  ) -> RouteOffer {
    RouteOffer(
      BufferAttributes(name: name) {
        $0.deviceUsage = [.sample]
        set(&$0)
      }, heaps: heaps)
  }
}
