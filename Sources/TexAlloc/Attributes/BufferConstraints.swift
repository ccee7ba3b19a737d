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

  /// One range of physical memory.
  public var contiguous: Bool?
  /// Memory that the CPU cannot reach.
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
