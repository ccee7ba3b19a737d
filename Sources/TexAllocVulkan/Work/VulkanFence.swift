public import CVulkan
internal import Synchronization
internal import Glibc
public import TexAlloc

/// The end of everything that the queue of a device was given before it. Any thread may ask.
///
/// It is a number that the device's timeline semaphore is to reach, for commands that are to wait for it.
@safe public final class VulkanFence: Fence {
  /// What the semaphore counts to.
  public let value: UInt64
  private let timeline: Timeline
  /// Asking the driver takes longer than many a call that asks.
  private let isKnownToHavePassed = Atomic(false)

  init(_ value: UInt64, on timeline: Timeline) {
    self.value = value
    self.timeline = timeline
  }

  /// The timeline semaphore, for as long as the fence lives and the device is open.
  public var semaphore: VkSemaphore { unsafe timeline.semaphore }

  public var hasPassed: Bool {
    if isKnownToHavePassed.load(ordering: .acquiring) { return true }
    guard timeline.hasReached(value) else { return false }
    isKnownToHavePassed.store(true, ordering: .releasing)
    return true
  }

  public func wait(until deadline: ContinuousClock.Instant) -> Bool {
    hasPassed || timeline.wait(for: value, until: deadline)
  }
}

/// A semaphore that counts what a queue has done.
@safe final class Timeline: @unchecked Sendable {  // a handle, which never changes
  let semaphore: VkSemaphore
  let connection: VulkanConnection
  /// Those that use the semaphore now, its owner among them until it is closed.
  private let users = Mutex((count: 1, isClosed: false))

  init(on connection: VulkanConnection) throws(VulkanFailure) {
    var kind = unsafe VkSemaphoreTypeCreateInfo(
      sType: VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO, pNext: nil,
      semaphoreType: VK_SEMAPHORE_TYPE_TIMELINE, initialValue: 0)
    unsafe semaphore = try withUnsafePointer(to: &kind) { kind throws(VulkanFailure) in
      try unsafe connection.makeSemaphore(kind)
    }
    self.connection = connection
  }

  deinit { close() }

  /// Everything is over then. Those who wait on other threads are waited for: what they wait for has come.
  func close() {
    let wasClosed = users.withLock { users in
      defer { users.isClosed = true }
      return users.isClosed
    }
    if wasClosed { return }
    leave()
    let deadline = ContinuousClock.now + longestWait
    while users.withLock({ $0.count > 0 }), .now < deadline { usleep(100) }
  }

  /// Begins a use of the semaphore, unless everything is over.
  private func enter() -> Bool {
    if connection.loss.hasHappened { return false }
    return users.withLock { users in
      if !users.isClosed { users.count += 1 }
      return !users.isClosed
    }
  }

  /// Ends a use; the last one takes the semaphore down.
  private func leave() {
    users.withLock { users in
      if users.count == 1 {
        unsafe connection.functions.destroySemaphore(connection.device, semaphore, nil)
      }
      users.count -= 1
    }
  }

  /// Of a device that is lost or closed, everything is over.
  func hasReached(_ value: UInt64) -> Bool {
    guard enter() else { return true }
    defer { leave() }
    var reached: UInt64 = 0
    let result = unsafe connection.functions.semaphoreValue(
      connection.device, semaphore, &reached)
    if result == VK_ERROR_DEVICE_LOST { connection.loss.happen() }
    return connection.loss.hasHappened || result == VK_SUCCESS && reached >= value
  }

  func wait(for value: UInt64, until deadline: ContinuousClock.Instant) -> Bool {
    guard enter() else { return true }
    defer { leave() }
    let left = max(.zero, deadline - .now) / .nanoseconds(1)
    var value = value
    var semaphore: VkSemaphore? = unsafe semaphore
    let result = unsafe withUnsafePointer(to: &value) { value in
      unsafe withUnsafePointer(to: &semaphore) { semaphore in
        var info = unsafe VkSemaphoreWaitInfo(
          sType: VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO, pNext: nil, flags: 0, semaphoreCount: 1,
          pSemaphores: semaphore, pValues: value)
        return unsafe connection.functions.waitSemaphores(
          connection.device, &info, UInt64(min(left, 1e18)))
      }
    }
    if result == VK_ERROR_DEVICE_LOST { connection.loss.happen() }
    return connection.loss.hasHappened || result == VK_SUCCESS
  }
}

extension VulkanConnection {
  /// - Parameter kind: What more is said of it: the next of `VkSemaphoreCreateInfo`.
  @unsafe func makeSemaphore(_ kind: UnsafeRawPointer?) throws(VulkanFailure) -> VkSemaphore {
    var info = unsafe VkSemaphoreCreateInfo(
      sType: VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, pNext: kind, flags: 0)
    var semaphore: VkSemaphore?
    try check("vkCreateSemaphore", unsafe functions.createSemaphore(device, &info, nil, &semaphore))
    guard let semaphore = unsafe semaphore else { throw .failed("vkCreateSemaphore", "no handle") }
    return unsafe semaphore
  }
}
