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
  /// Of a heap, what its memory is; nil where it cannot know, and of everyone else. At most one
  /// participant of a merge has it.
  public var provides: ProvidedMemory?

  /// No opinion on anything but what the closure sets.
  public init(
    name: String, provides: ProvidedMemory? = nil, alternatives: [BufferConstraints] = [],
    _ set: (inout BufferConstraints) -> Void = { _ in }
  ) {
    self.name = name
    self.provides = provides
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

/// What a buffer must be like for one participant; nil is "no opinion".
///
/// Lengths are bytes, widths and heights pixels. Limits that any value must keep are checked when
/// participants are merged, not here.
public struct BufferConstraints: Hashable, Sendable {
  /// Where a plane starts, from the start of the image. Every alignment is 1 … 2^31.
  public var offsetAlignment: Int?
  /// From one row to the next.
  public var pitchAlignment: Int?
  /// In rows of a plane.
  public var heightAlignment: Int?
  /// Of the whole image.
  public var sizeAlignment: Int?
  /// Of the start in physical memory; above 1 only where `contiguous` is true.
  public var physicalAlignment: Int?

  /// Absent: 0.
  public var minPitch: Int?
  /// A maximum that is absent is no limit.
  public var maxPitch: Int?
  /// Absent: 1, as `minHeight`.
  public var minWidth: Int?
  public var maxWidth: Int?
  public var minHeight: Int?
  public var maxHeight: Int?
  /// Absent: 0.
  public var minSize: Int?
  public var maxSize: Int?

  /// Buffers that must exist at the least. Absent: 1.
  public var minBuffers: Int?
  public var maxBuffers: Int?
  /// Buffers that this participant keeps to itself at a time; all participants' are added up.
  public var heldBuffers: Int?

  /// Most wanted first.
  public var formats: [Format]?
  /// Names of heaps, in any order.
  public var heaps: [String]?
  /// In any order; ``Caching`` itself says what is preferred.
  public var caching: [Caching]?

  /// One range of physical memory is needed; what memory is, ``ProvidedMemory`` says.
  public var contiguous: Bool?
  /// Memory that the CPU cannot reach is needed.
  public var protected: Bool?
  public var cpuUsage: [CPUUsage]?
  public var deviceUsage: [DeviceUsage]?

  /// No opinion on anything but what the closure sets:
  /// `BufferConstraints { $0.contiguous = true }`.
  public init(_ set: (inout BufferConstraints) -> Void = { _ in }) {
    set(&self)
  }

  static let maximumAlignment = 1 << 31
}

/// What a heap's memory is, where the participants of a merge may demand it.
public struct ProvidedMemory: Hashable, Sendable {
  /// Whether a slab is one range of physical memory.
  public var contiguous: Bool
  /// Of its start in physical memory, 1 … 2^31: a multiple of what is demanded will do.
  public var physicalAlignment: Int
  /// Whether the CPU cannot reach it.
  public var protected: Bool

  /// None of it, but for what is given.
  public init(contiguous: Bool = false, physicalAlignment: Int = 1, protected: Bool = false) {
    self.contiguous = contiguous
    self.physicalAlignment = physicalAlignment
    self.protected = protected
  }
}

/// How the CPU's caches treat a buffer, in the order in which a merge prefers them.
public enum Caching: String, CaseIterable, Sendable {
  /// Stores are gathered into whole lines; loads are very slow.
  case writeCombining
  /// Ordinary memory: the only one that the CPU may read or write out of order.
  case cached
  /// Every access goes to memory by itself.
  case uncached
}

/// What the CPU does with a buffer; the cases stand in the order of their names.
public enum CPUUsage: String, CaseIterable, Sendable {
  /// As by ``RawPlane``.
  case randomWrite
  case read
  /// Whole lines, in order, never read back.
  case sequentialWrite

  var isWrite: Bool { self != .read }

  /// Whether this access needs memory that the CPU caches.
  var needsCache: Bool { self != .sequentialWrite }
}

/// What devices do with a buffer; the cases stand in the order of their names.
public enum DeviceUsage: String, CaseIterable, Sendable {
  case capture, decode, encode
  /// Makes an image of its own of the coefficients in it.
  case finish
  /// Makes smaller copies of it, for showing it small: those are the device's own.
  case mipmap
  case render, sample, scanout
}
