/// Why a component did not take a buffer. The buffer is as it was.
///
/// ```swift
/// do { return try gpu.register(buffer) } catch {
///   switch error.cause {
///   case .lost, .closed: return nil  // until there is another device
///   case .descriptors: try gpu.collect()
///   default: log("\(error)")
///   }
/// }
/// ```
public struct RegistrationRefused: Error, Hashable, Sendable {
  /// What a caller can tell apart, and act on.
  public enum Cause: String, CaseIterable, Hashable, Sendable {
    /// The device imports nothing.
    case noImport
    /// The device does not take the format or its modifier.
    case format
    /// The device does not give a shader of the image what was asked for.
    case sampling
    /// The device takes the format as an external texture only.
    case externalOnly
    /// The device takes no memory of this heap.
    case heap
    /// The texture cannot have mipmaps.
    case mipmaps
    /// The device does not live with how the CPU's mapping is cached.
    case caching
    /// The CPU cannot read, or write, what it would have to.
    case cpuUsage
    /// The image was allocated for other uses.
    case deviceUsage
    /// The distance of the rows does not suit the device.
    case pitch
    /// The place in the memory does not suit the device.
    case offset
    /// The image is too small, too large, or larger than its memory.
    case size
    /// Too many images or descriptors are alive: let go of some, and collect.
    case descriptors
    /// The device showed other pixels than were written.
    case pixels
    /// There was no memory, context or time for it, or for trying the kind: it may go better another time.
    case trial
    /// The driver did not import it.
    case importFailed
    /// The driver did not copy it.
    case copyFailed
    /// The driver made no fence.
    case fence
    /// The driver does not render into it.
    case framebuffer
    /// What the device draws with is not current on this thread.
    case wrongThread
    /// The device is lost.
    case lost
    /// The device was closed.
    case closed
    /// The image lay in memory of a device that is lost.
    case memoryLost
    /// The device has copied the image, and its memory is no longer the image's.
    case spent
    /// A write of the image failed or was cancelled.
    case discarded
  }

  public let cause: Cause
  /// The component that refused.
  public let component: String
  /// What did not suit it, in a word: an attribute as in `BufferAttributes` (`pitchAlignment`,
  /// `formats`), or what it tried.
  public let field: String
  /// What the component could live with.
  public let wanted: String
  /// What it was given.
  public let held: String

  public init(
    _ cause: Cause, by component: String, field: String, wanted: String, held: String
  ) {
    self.cause = cause
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
