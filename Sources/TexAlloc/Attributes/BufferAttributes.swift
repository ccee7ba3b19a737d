/// What one participant in a merge (the GPU, a decoder, a heap, a quirk profile) can live with.
///
/// ```swift
/// var gpu = BufferAttributes(name: "gpu") {
///   $0.formats = [Format(.abgr8888)]
///   $0.pitchAlignment = 64
/// }
/// gpu.maxWidth = 16384
/// ```
@dynamicMemberLookup
public struct BufferAttributes: Hashable, Sendable {
  /// Not empty; no other participant of a merge has the same UTF-8 bytes as its name.
  public var name: String
  /// What holds always.
  public var constraints: BufferConstraints
  /// Where not empty, exactly one of these holds as well; the earlier are preferred.
  public var alternatives: [BufferConstraints]

  /// No opinion on anything but what the closure sets.
  public init(
    name: String, alternatives: [BufferConstraints] = [],
    _ set: (inout BufferConstraints) -> Void = { _ in }
  ) {
    self.name = name
    self.alternatives = alternatives
    constraints = BufferConstraints(set)
  }

  public subscript<Value>(
    dynamicMember field: WritableKeyPath<BufferConstraints, Value>
  ) -> Value {
    get { constraints[keyPath: field] }
    set { constraints[keyPath: field] = newValue }
  }
}
