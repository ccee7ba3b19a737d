/// Why a component did not take a buffer. The buffer is as it was.
public struct RegistrationRefused: Error, Hashable, Sendable {
  /// The component that refused.
  public let component: String
  /// The attribute that did not suit it, as in `BufferAttributes`: `pitchAlignment`, `formats`;
  /// or `import`, `pixels`, `images`, `context` for what only trying shows.
  public let field: String
  /// What the component could live with.
  public let wanted: String
  /// What it was given.
  public let held: String

  public init(component: String, field: String, wanted: String, held: String) {
    self.component = component
    self.field = field
    self.wanted = wanted
    self.held = held
  }
}

extension RegistrationRefused: CustomStringConvertible {
  public var description: String {
    "\(component) refused the buffer: \(field): wanted \(wanted), held \(held)"
  }
}
