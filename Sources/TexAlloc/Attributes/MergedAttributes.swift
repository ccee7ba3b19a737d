/// What all participants can live with, and what was chosen from it.
///
/// Made by ``AttributeMerge``. Lengths are bytes, widths and heights pixels.
public struct MergedAttributes: Hashable, Sendable {
  /// The alternative that a participant took part with.
  public struct ChosenAlternative: Hashable, Sendable {
    public let participant: String
    /// Into the participant's ``BufferAttributes/alternatives``.
    public let index: Int
  }

  public internal(set) var offsetAlignment = 1
  public internal(set) var pitchAlignment = 1
  public internal(set) var heightAlignment = 1
  public internal(set) var sizeAlignment = 1
  public internal(set) var physicalAlignment = 1

  /// A multiple of `pitchAlignment`, as `maxPitch`.
  public internal(set) var minPitch = 0
  /// A maximum that is nil is no limit.
  public internal(set) var maxPitch: Int?
  public internal(set) var minWidth = 1
  public internal(set) var maxWidth: Int?
  public internal(set) var minHeight = 1
  public internal(set) var maxHeight: Int?
  public internal(set) var minSize = 0
  public internal(set) var maxSize: Int?

  public internal(set) var minBuffers = 1
  public internal(set) var maxBuffers: Int?
  /// The sum over all participants.
  public internal(set) var heldBuffers = 0

  /// Ascending; nil where no one restricts them, as `heaps` and `caching`.
  public internal(set) var formats: [Format]?
  /// Ascending by UTF-8 bytes.
  public internal(set) var heaps: [String]?
  /// In the order of preference.
  public internal(set) var caching: [Caching]?

  /// What is demanded of the memory, as `protected` and `physicalAlignment`.
  public internal(set) var contiguous = false
  public internal(set) var protected = false
  /// What the memory is; nil where no one says, and then it is not known whether the demands are met.
  public internal(set) var provides: ProvidedMemory?
  /// By name, as `deviceUsage`.
  public internal(set) var cpuUsage: [CPUUsage] = []
  public internal(set) var deviceUsage: [DeviceUsage] = []

  /// Of `formats`, the one that all participants together want most.
  public internal(set) var format: Format?
  /// Of `caching`, the most preferred that the CPU's usage allows.
  public internal(set) var chosenCaching: Caching?
  /// For each participant that had alternatives, ascending by the UTF-8 bytes of its name.
  public internal(set) var alternatives: [ChosenAlternative] = []
  /// Of the image that was asked for; nil without one, or without a format.
  public internal(set) var layout: ImageLayout?

  /// Whether memory is demanded that not every heap gives.
  var demandsMemory: Bool { contiguous || protected }

  /// How many buffers the participants need together.
  public var buffers: Int { max(minBuffers, heldBuffers) }
}
