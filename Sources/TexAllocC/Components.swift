public import CTexAlloc
internal import TexAlloc

extension texalloc_component: SizedStruct {}

/// A component of the caller's, which says what it can live with.
struct StatedComponent: Component {
  let attributes: BufferAttributes
  let isCoherent: Bool

  @unsafe static func all(in options: texalloc_pool_options) throws -> [any Component] {
    let list = try unsafe array(options.components, options.component_count, "components")
    return try unsafe list.indices.map { index in
      let component = try unsafe StatedComponent.stated(list[index], "component \(index)")
      return component.asked ?? component.silent
    }
  }

  /// As it states itself; and, where it wants to be asked about buffers, as one that registers them.
  @unsafe static func stated(
    _ component: UnsafePointer<texalloc_component>?, _ words: String
  ) throws -> (silent: StatedComponent, asked: AskedComponent?) {
    guard let component = unsafe component else { throw Misuse.argument("a component is NULL") }
    let stated = unsafe try passed(component)
    let silent = StatedComponent(
      attributes: unsafe try .stated(stated.attributes, stated.json, of: words),
      isCoherent: unsafe !stated.is_incoherent)
    let asked = unsafe stated.accepts.map { unsafe AskedComponent(silent, $0, stated.user) }
    return (silent, asked)
  }
}

/// One that the pool asks before it settles for a heap, and that may refuse.
@safe struct AskedComponent: Registrar, @unchecked Sendable {
  // What the function is given is the caller's to share among threads.

  typealias Accepts =
    @convention(c) (
      UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<CChar>?, Int
    ) -> Bool

  let attributes: BufferAttributes
  let isCoherent: Bool
  private let accepts: Accepts
  private let user: UnsafeMutableRawPointer?

  init(_ stated: StatedComponent, _ accepts: Accepts, _ user: UnsafeMutableRawPointer?) {
    attributes = stated.attributes
    isCoherent = stated.isCoherent
    unsafe self.accepts = unsafe accepts
    unsafe self.user = unsafe user
  }

  func check(_ trial: TextureBuffer, on route: Route) throws(RegistrationRefused) {
    _ = try register(trial)
  }

  func register(_ buffer: TextureBuffer) throws(RegistrationRefused) -> AcceptedBuffer {
    do { try ask(about: buffer) } catch {
      throw error as? RegistrationRefused
        ?? refusal(.trial, wanted: "a handle to ask about", held: "\(error)")
    }
    return AcceptedBuffer(buffer, by: name)
  }

  /// - Throws: `RegistrationRefused`, or `Misuse` where there is no further handle.
  func ask(about buffer: TextureBuffer) throws {
    try attributes.accept(buffer)
    let handle = try Handles.buffers.insert(HeldBuffer(buffer))
    defer { try? Handles.buffers.release(handle) }
    let reason: String? = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) {
      room in
      unsafe room.initialize(repeating: 0)
      if unsafe accepts(user, handle, room.baseAddress, room.count) { return nil }
      // Whatever it wrote ends here.
      unsafe room[room.count - 1] = 0
      return unsafe room.baseAddress.map { unsafe String(cString: $0) } ?? ""
    }
    guard let reason else { return }
    throw refusal(
      .importFailed, wanted: "true", held: "false: \(reason.isEmpty ? "it says not why" : reason)")
  }

  private func refusal(
    _ cause: RegistrationRefused.Cause, wanted: String, held: String
  ) -> RegistrationRefused {
    RegistrationRefused(cause, by: name, field: "accepts", wanted: wanted, held: held)
  }
}

/// A buffer that a component of the caller's has accepted, which knows itself what it makes of it.
final class AcceptedBuffer: Registration {
  let component: String
  let buffer: TextureBuffer

  init(_ buffer: TextureBuffer, by component: String) {
    self.buffer = buffer
    self.component = component
  }
}

@c @implementation
public func texalloc_buffer_suits(
  _ buffer: OpaquePointer?, _ component: UnsafePointer<texalloc_component>?
) -> texalloc_status {
  answer {
    let buffer = try Handles.buffer(buffer)
    let component = try unsafe StatedComponent.stated(component, "component")
    if let asked = component.asked {
      try asked.ask(about: buffer)
    } else {
      try component.silent.attributes.accept(buffer)
    }
  }
}
