internal import CVulkan
internal import Synchronization
internal import TexAlloc

/// What the library has a device's queue do: short lists of commands, each of which ends with a fence.
@safe final class DeviceWork: @unchecked Sendable {  // a handle that is used under the lock
  let connection: VulkanConnection
  private let timeline: Timeline
  private let state: Mutex<State>

  @safe private struct State: @unchecked Sendable {  // handles, which only the lock's holder uses
    /// nil once closed.
    var pool: VkCommandPool?
    /// Values that were handed out.
    var last: UInt64 = 0
    /// The oldest first.
    var lists: [(list: VkCommandBuffer, until: VulkanFence)] = unsafe []
  }

  init(on connection: VulkanConnection) throws(VulkanFailure) {
    self.connection = connection
    timeline = try Timeline(on: connection)
    var pool: VkCommandPool?
    var info = unsafe VkCommandPoolCreateInfo(
      sType: VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, pNext: nil,
      flags: VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT.rawValue,
      queueFamilyIndex: connection.queueFamily)
    try connection.check(
      "vkCreateCommandPool",
      unsafe connection.functions.createCommandPool(connection.device, &info, nil, &pool))
    guard let pool = unsafe pool else { throw .failed("vkCreateCommandPool", "no handle") }
    state = Mutex(unsafe State(pool: pool))
  }

  deinit { close() }

  private static let closed = VulkanFailure(
    cause: .closed, operation: "vkQueueSubmit", reason: "it was closed")

  /// Takes down what the queue was given work by; all that it still has is waited for. Nobody asks for
  /// more. What the queue does not get done is left to it for good.
  func close() {
    let isDone = state.withLock { state in
      guard let pool = unsafe state.pool else { return true }
      let isDone = VulkanFence(state.last, on: timeline).wait(until: .now + longestWait)
      if isDone { unsafe connection.functions.destroyCommandPool(connection.device, pool, nil) }
      unsafe (state.pool, state.lists) = (nil, [])
      return isDone
    }
    if isDone { timeline.close() } else { leaveToQueue(timeline) }
  }

  /// A fence behind everything that the queue was given so far.
  ///
  /// - Throws: `VulkanFailure`.
  func fence() throws(VulkanFailure) -> VulkanFence {
    try state.withLock { state throws(VulkanFailure) in try unsafe submit(nil, &state) }
  }

  /// The same, with a semaphore of two states that is reached then, or that everything which the queue is
  /// given from now on waits for.
  func fence(
    signalling signalled: BinarySemaphore? = nil, waitingFor waited: BinarySemaphore? = nil
  ) throws(VulkanFailure) -> VulkanFence {
    try state.withLock { state throws(VulkanFailure) in
      try unsafe submit(
        nil, &state, signalling: signalled?.semaphore, waitingFor: waited?.semaphore)
    }
  }

  /// Has the queue do what the closure records, after what it was given before.
  ///
  /// - Returns: The end of it.
  /// - Throws: `VulkanFailure`; nothing was given to the queue then.
  func submit(_ record: (VkCommandBuffer) -> Void) throws(VulkanFailure) -> VulkanFence {
    try state.withLock { state throws(VulkanFailure) in
      let list = try unsafe takeList(&state)
      var fence = VulkanFence(0, on: timeline)  // which has passed from the start
      defer { unsafe state.lists.append((list, fence)) }
      var info = unsafe VkCommandBufferBeginInfo(
        sType: VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, pNext: nil,
        flags: VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT.rawValue, pInheritanceInfo: nil)
      try connection.check(
        "vkBeginCommandBuffer", unsafe connection.functions.beginCommandBuffer(list, &info))
      unsafe record(list)
      try connection.check(
        "vkEndCommandBuffer", unsafe connection.functions.endCommandBuffer(list))
      fence = try unsafe submit(list, &state)
      return fence
    }
  }

  /// The same for commands that use textures, with the barriers that those still want.
  func submit(
    preparing contents: [any Preparable],
    _ record: (VkCommandBuffer, _ barriers: [VkImageMemoryBarrier]) -> Void
  ) throws(VulkanFailure) -> VulkanFence {
    var barriers = unsafe [VkImageMemoryBarrier]()
    do throws(VulkanFailure) {
      return try unsafe submit { list in
        unsafe barriers = unsafe contents.flatMap { unsafe $0.takeBarriers() }
        unsafe record(list, barriers)
      }
    } catch {
      for content in contents { unsafe content.putBack(barriers) }
      throw error
    }
  }

  /// A list that the queue is done with, or a new one.
  @unsafe private func takeList(_ state: inout State) throws(VulkanFailure) -> VkCommandBuffer {
    guard unsafe state.pool != nil else { throw Self.closed }
    if let oldest = unsafe state.lists.first, unsafe oldest.until.hasPassed {
      return unsafe state.lists.removeFirst().list
    }
    var info = unsafe VkCommandBufferAllocateInfo(
      sType: VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, pNext: nil, commandPool: state.pool,
      level: VK_COMMAND_BUFFER_LEVEL_PRIMARY, commandBufferCount: 1)
    var list: VkCommandBuffer?
    try connection.check(
      "vkAllocateCommandBuffers",
      unsafe connection.functions.allocateCommandBuffers(connection.device, &info, &list))
    guard let list = unsafe list else { throw .failed("vkAllocateCommandBuffers", "no handle") }
    return unsafe list
  }

  @unsafe private func submit(
    _ list: VkCommandBuffer?, _ state: inout State, signalling signalled: VkSemaphore? = nil,
    waitingFor waited: VkSemaphore? = nil
  ) throws(VulkanFailure) -> VulkanFence {
    guard unsafe state.pool != nil else { throw Self.closed }
    let value = state.last + 1
    let lists = unsafe list.map { unsafe [VkCommandBuffer?.some($0)] } ?? []
    let waits = unsafe waited.map { unsafe [VkSemaphore?.some($0)] } ?? []
    let stages = [VK_PIPELINE_STAGE_ALL_COMMANDS_BIT.rawValue]
    // Of semaphores of two states the values are ignored.
    let values = [value, 0]
    let signals = unsafe [timeline.semaphore] + (signalled.map { unsafe [$0] } ?? [])
    let result = unsafe values.withUnsafeBufferPointer { values in
      unsafe lists.withUnsafeBufferPointer { lists in
        unsafe waits.withUnsafeBufferPointer { waits in
          unsafe stages.withUnsafeBufferPointer { stages in
            unsafe signals.map(Optional.some).withUnsafeBufferPointer { signals in
              var timelines = unsafe VkTimelineSemaphoreSubmitInfo(
                sType: VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO, pNext: nil,
                waitSemaphoreValueCount: UInt32(waits.count),
                pWaitSemaphoreValues: values.baseAddress.map { unsafe $0 + 1 },
                signalSemaphoreValueCount: UInt32(signals.count),
                pSignalSemaphoreValues: values.baseAddress)
              return unsafe withUnsafePointer(to: &timelines) { timelines in
                var info = unsafe VkSubmitInfo(
                  sType: VK_STRUCTURE_TYPE_SUBMIT_INFO, pNext: timelines,
                  waitSemaphoreCount: UInt32(waits.count), pWaitSemaphores: waits.baseAddress,
                  pWaitDstStageMask: stages.baseAddress, commandBufferCount: UInt32(lists.count),
                  pCommandBuffers: lists.baseAddress, signalSemaphoreCount: UInt32(signals.count),
                  pSignalSemaphores: signals.baseAddress)
                return unsafe connection.withQueue {
                  unsafe connection.functions.queueSubmit($0, 1, &info, nil)
                }
              }
            }
          }
        }
      }
    }
    try connection.check("vkQueueSubmit", result)
    state.last = value
    return VulkanFence(value, on: timeline)
  }
}

/// Of a GPU that hangs.
let longestWait = Duration.seconds(10)

/// Never lets go of what a queue may use for ever.
func leaveToQueue(_ things: Any) { _ = unsafe Unmanaged.passRetained(LeftToQueue(things)) }

private final class LeftToQueue {
  private let things: Any

  init(_ things: Any) { self.things = things }
}
