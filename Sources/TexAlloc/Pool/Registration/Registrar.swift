/// A component that makes something of its own of a buffer before it uses it, and may refuse.
///
/// It may take images on several routes, each with attributes of its own: those that it states as a
/// component are for the best one. A pool asks for the routes kind by kind of image, and takes the best
/// on which everybody agrees.
public protocol Registrar: Component {
  associatedtype Handle: Registration

  /// What it can live with on a route, asked when a pool first needs to know; the same each time.
  ///
  /// Absent, it imports, by its attributes, and nothing else.
  ///
  /// - Parameter usage: What the images are for, of what it does with images at all.
  /// - Throws: `RouteRefused` where it takes nothing on this route.
  func offer(
    on route: Route, for usage: Set<DeviceUsage>
  ) throws(RouteRefused) -> RouteOffer

  /// Checks, by using it, that the component sees the pixels of a small image as they were written.
  ///
  /// A pool asks when it first allocates an image of a kind, on the thread that allocates: what may
  /// disturb that thread is done elsewhere.
  ///
  /// - Parameter route: The one that images of the kind are to take; not ``Route/uploaded``.
  func check(_ trial: TextureBuffer, on route: Route) throws(RegistrationRefused)

  /// Makes the component's own of a buffer. The same buffer gives the same registration for as
  /// long as that lives.
  func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> Handle

  /// The component's own of a buffer by any route, also where the CPU copies.
  ///
  /// Absent, as ``register(_:)``.
  func registration(for buffer: TextureBuffer) throws(RegistrationRefused) -> Handle

  /// The end of everything that the component was given to do with its registrations so far.
  ///
  /// Absent, nobody can tell: a fence that never passes.
  func endOfUses() throws(RegistrationRefused) -> any Fence
}

extension Registrar {
  public func offer(
    on route: Route, for usage: Set<DeviceUsage>
  ) throws(RouteRefused) -> RouteOffer {
    guard route == .imported else { throw RouteRefused(because: "it copies nothing") }
    return RouteOffer(attributes, quirks: quirks)
  }

  public func check(_ trial: TextureBuffer, on route: Route) throws(RegistrationRefused) {}

  public func registration(for buffer: TextureBuffer) throws(RegistrationRefused) -> Handle {
    try register(buffer)
  }

  public func endOfUses() throws(RegistrationRefused) -> any Fence { UnknownFence() }
}

/// What a registrar can live with on one route.
public struct RouteOffer: Sendable {
  /// Under the registrar's name. A list that is empty says that it takes nothing; that of the heaps, nothing
  /// but the memory of other drivers where the route is ``Route/imported``: see ``Heap/isForeign``.
  public var attributes: BufferAttributes
  /// What is known of it beyond that, and goes with it.
  public var quirks: [BufferAttributes]
  /// Where memory for the route comes from: memory of the registrar's own. Where the route is
  /// ``Route/imported``, the pool's heaps come after it; elsewhere they are left out.
  public var heaps: [any Heap]

  public init(
    _ attributes: BufferAttributes, quirks: [BufferAttributes] = [], heaps: [any Heap] = []
  ) {
    self.attributes = attributes
    self.quirks = quirks
    self.heaps = heaps
  }
}

/// Why a registrar takes nothing on a route.
public struct RouteRefused: Error, Hashable, Sendable {
  public let reason: String

  public init(because reason: String) { self.reason = reason }
}

extension RouteRefused: CustomStringConvertible {
  public var description: String { reason }
}

/// What a component made of a buffer that it accepted: an image of the GPU, a framebuffer of the
/// display. It keeps the buffer alive.
public protocol Registration: AnyObject, Sendable {
  /// The name of the component.
  var component: String { get }
  var buffer: TextureBuffer { get }

  /// Is told that rows of the buffer were written again: all of them where nil. What shows a copy copies
  /// once more.
  ///
  /// Absent, the component sees the buffer's own memory, and there is nothing to do.
  func contentsChanged(rows: Range<Int>?) throws(RegistrationRefused)
}

extension Registration {
  public func contentsChanged(rows: Range<Int>?) throws(RegistrationRefused) {}
}
