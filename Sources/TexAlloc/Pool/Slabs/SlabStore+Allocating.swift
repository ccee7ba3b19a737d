internal import Dispatch
internal import Synchronization
internal import SystemPackage

extension SlabStore {
  /// A slot: of what is at hand, of what comes back in time where that is wanted, or of a new slab.
  func allocate(_ request: borrowing SlotRequest, _ waiting: Waiting) throws(AllocationError)
    -> Slot
  {
    while true {
      do throws(AllocationError) {
        return try allocate(request)
      } catch {
        guard let next = try firstThatWaits(waiting, after: error) else {
          return try allocate(request)
        }
        // Whatever waits behind it may pass sooner.
        _ = next.slot.wait(until: min(next.deadline, .now + Self.timeBetweenLooks))
      }
    }
  }

  /// The same without holding a thread while it waits.
  func allocate(_ request: SlotRequest, _ waiting: Waiting) async throws(AllocationError) -> Slot {
    while true {
      do throws(AllocationError) {
        return try await allocate(request)
      } catch {
        guard let next = try firstThatWaits(waiting, after: error) else {
          return try await allocate(request)
        }
        let time = min(Self.timeBetweenLooks, next.deadline - .now)
        guard (try? await Task.sleep(for: time)) != nil else { throw error }
      }
    }
  }

  private static let timeBetweenLooks = Duration.milliseconds(5)

  /// Of the slots that wait for a fence, the first; nil where what waited has come back by now.
  ///
  /// - Throws: The error, where there is no sense in waiting.
  private func firstThatWaits(
    _ waiting: Waiting, after error: AllocationError
  ) throws(AllocationError) -> (slot: ReleasedSlot, deadline: ContinuousClock.Instant)? {
    if case .budget(let wanted, _, let limit) = error, wanted > limit { throw error }
    guard case .until(let deadline) = waiting, ContinuousClock.now < deadline else { throw error }
    return slabs.withLock { $0.released.first }.map { ($0, deadline) }
  }

  private func allocate(_ request: borrowing SlotRequest) throws(AllocationError) -> Slot {
    try checkHeap()
    if let slot = slotAtHand(request) { return slot }
    try checkThread()
    let isDone = DispatchSemaphore(value: 0)
    let demand = Demand(copy request) { _ in isDone.signal() }
    enqueue(demand)
    isDone.wait()
    return try demand.take()
  }

  private func allocate(_ request: SlotRequest) async throws(AllocationError) -> Slot {
    try checkHeap()
    if let slot = slotAtHand(request) { return slot }
    try checkThread()
    let demand = await withCheckedContinuation { continuation in
      enqueue(Demand(request) { continuation.resume(returning: $0) })
    }
    return try demand.take()
  }

  private func checkHeap() throws(AllocationError) {
    guard heap.isLost else { return }
    collect()
    throw .heap(SystemFailure("makeSlab", on: heapName, .operationNotSupportedByDevice))
  }

  /// A heap that uses the pool while it makes a slab for it would wait for itself.
  private func checkThread() throws(AllocationError) {
    if thread.isCurrent { throw .heap(SystemFailure("makeSlab", on: heapName, .deadlock)) }
  }

  /// A slot of what was used before, which is warm; nil where a slab has to be made.
  private func slotAtHand(_ request: borrowing SlotRequest) -> Slot? {
    if let slot = carve(request, freeing: passedSlots(patience: Self.patience)) { return slot }
    let passed = passedSlots()
    return passed.isEmpty ? nil : carve(request, freeing: passed)
  }

  /// How many slots that still wait an allocation looks at before it takes others.
  private static let patience = 4

  private func carve(_ request: borrowing SlotRequest, freeing passed: [ReleasedSlot]) -> Slot? {
    perform { slabs in
      if !passed.isEmpty { _ = slabs.freeReleased(passed) }
      return slabs.carve(request)
    }
  }

  private func enqueue(_ demand: Demand) {
    let obstacle = perform { slabs in
      let obstacle = slabs.obstacle(to: demand.request)
      if obstacle == nil { slabs.demands.append(demand) }
      return obstacle
    }
    if let obstacle { demand.fulfil(.failure(obstacle)) }
  }
}
