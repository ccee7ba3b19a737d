internal import Synchronization

/// The end of what one API of a GPU was given to do, for another API of the same GPU to wait for: OpenGL for
/// what Vulkan writes into memory that both have.
///
/// ```swift
/// let written = try vulkan.shareFence()                   // behind all that its queue was given so far
/// try gl.waitOnGPU(for: written, before: [buffer])        // what is drawn from now on sees it
/// ```
///
/// Asked on the CPU it is a fence like any other. A GPU waits for its semaphore, which one of those who wait
/// gets; for the others there is a sync file where the driver has some, and else the CPU.
public final class SharedFence: Fence {
  /// The UUIDs of the GPU and of its driver, 32 digits each: who has other ones does not understand the
  /// semaphore.
  package let device, driver: String
  private let fence: any Fence
  private let semaphore: Mutex<OwnedDescriptor?>
  private let makeSyncFile: @Sendable () throws -> SyncFile?

  /// - Parameters:
  ///   - fence: The same end, for the CPU.
  ///   - semaphore: A descriptor of a semaphore of two states that is reached then; nil where the driver gives none.
  ///   - makeSyncFile: Makes a sync file that passes then or later; nil where that is over.
  package init(
    _ fence: any Fence, of device: String, driver: String, semaphore: consuming OwnedDescriptor?,
    makeSyncFile: @escaping @Sendable () throws -> SyncFile?
  ) {
    self.fence = fence
    self.device = device
    self.driver = driver
    self.semaphore = Mutex(semaphore)
    self.makeSyncFile = makeSyncFile
  }

  public var hasPassed: Bool { fence.hasPassed }

  public func wait(until deadline: ContinuousClock.Instant) -> Bool { fence.wait(until: deadline) }

  /// The semaphore, for the first who asks: whoever waits for one of two states takes it back to the other.
  package func takeSemaphore() -> OwnedDescriptor? { semaphore.withLock { $0.take() } }

  /// A sync file that passes then or later; nil where that is over.
  ///
  /// - Throws: What the driver lacks.
  package func syncFile() throws -> SyncFile? { try makeSyncFile() }
}
