/// The producer's side: whose buffers the peer holds.
extension BufferSocket {
  /// Asks what the peer can live with, which it answers with ``SharingEvent/attributes(_:)``: before
  /// anything is allocated.
  public func ask() throws(SharingError) {
    try send(.ask)
    lending.isAsking = true
  }

  /// Tells the peer that its attributes, the last that it sent, cannot be met.
  ///
  /// - Parameter words: A `MergeConflict`'s, or an `AllocationError`'s.
  public func report(conflict words: String) throws(SharingError) {
    guard lending.hasAnswer else { throw .misuse("conflict: the peer has sent no attributes") }
    try send(.conflict(words.fit(forWire: WireForm.longestWords)))
    lending.hasAnswer = false
  }

  /// Hands a buffer over. The socket holds it until the peer has released it, or is gone.
  ///
  /// - Parameters:
  ///   - buffer: Allocated with ``AllocationFlags/exportable``. A buffer goes to one peer, ever.
  ///   - isKept: Whether it comes again: ``handOverAgain(_:after:)``.
  ///   - orientation: How its rows are to be shown.
  ///   - fence: After which its contents are there; absent, they are.
  /// - Returns: Its name here, never used twice, in its first generation.
  /// - Throws: `SharingError`: `notExported`, `sharedBefore`, `quota`; nothing is sent then.
  @discardableResult
  public func offer(
    _ buffer: TextureBuffer, keeping isKept: Bool = false, orientation: Orientation = .upright,
    after fence: (any Fence)? = nil
  ) throws(SharingError) -> HandOver {
    guard lending.buffers.count < limits.buffers else {
      throw .quota(
        field: "buffers", held: lending.buffers.count, wanted: 1, limit: limits.buffers)
    }
    let memory: OwnedDescriptor
    do throws(ExportRefused) { memory = try buffer.export() } catch { throw .notExported(error) }
    guard buffer.isFirstShared(with: number) else { throw .sharedBefore(buffer: buffer.name) }
    let handOver = HandOver(number: lending.last + 1, generation: 1)
    try send([memory.descriptor.rawValue], after: fence) { fence in
      .offer(
        WireOffer(
          buffer, as: WireTenure(handOver), isKept: isKept, orientation: orientation, after: fence))
    }
    lending.last += 1
    lending.buffers[handOver.number] = .init(
      buffer: buffer, isKept: isKept, generation: 1, isLent: true)
    return handOver
  }

  /// Whether the peer has released a kept buffer, and its fence has passed: a writer that begins before
  /// waits for it. Where that fence is a counter, it passes by ``receive(until:)`` alone.
  public func isIdle(_ number: UInt64) -> Bool {
    guard let lent = lending.buffers[number], !lent.isLent else { return false }
    return lent.fence?.hasPassed ?? true
  }

  /// Hands a kept buffer over that the peer has released, with what was written to it since.
  @discardableResult
  public func handOverAgain(
    _ number: UInt64, after fence: (any Fence)? = nil
  ) throws(SharingError) -> HandOver {
    let generation = try lending.idle(number).generation + 1
    let handOver = HandOver(number: number, generation: generation)
    try send([], after: fence) { .again(WireTenure(handOver), $0) }
    lending.buffers[number]?.generation = generation
    lending.buffers[number]?.isLent = true
    return handOver
  }

  /// Says that a kept buffer, which the peer has released, will not come again.
  public func withdraw(_ number: UInt64) throws(SharingError) {
    _ = try lending.idle(number)
    try send(.withdraw(number: number))
    lending.buffers[number] = nil
  }
}

/// What this side has with the peer, and what the peer may therefore say.
struct Lending {
  struct Lent {
    let buffer: TextureBuffer
    let isKept: Bool
    var generation: UInt64
    /// Whether the peer has it just now.
    var isLent: Bool
    /// After which the peer does not use it any more.
    var fence: (any Fence)?
  }

  /// By number.
  var buffers: [UInt64: Lent] = [:]
  var last: UInt64 = 0
  var isAsking = false
  var hasAnswer = false

  /// One that this side may write, or take back.
  func idle(_ number: UInt64) throws(SharingError) -> Lent {
    guard let lent = buffers[number], lent.isKept, !lent.isLent else {
      throw .misuse("buffer \(number): it was not kept, or the peer has it")
    }
    return lent
  }

  mutating func take(_ participants: [BufferAttributes]) throws(SharingError) -> SharingEvent {
    guard isAsking else {
      throw .unexpected(message: "attributes", because: "nobody has asked")
    }
    (isAsking, hasAnswer) = (false, true)
    return .attributes(
      participants.map { participant in
        var participant = participant
        participant.name = "peer/" + participant.name
        return participant
      })
  }

  mutating func take(
    _ tenure: WireTenure, after fence: (any Fence)?, _ refusal: String
  ) throws(SharingError) -> SharingEvent {
    guard let lent = buffers[tenure.number], lent.isLent, lent.generation == tenure.generation
    else {
      throw .unexpected(
        message: "release",
        because: "generation \(tenure.generation) of buffer \(tenure.number) is not with the peer")
    }
    if let fence { lent.buffer.hold(until: fence, writers: true) }
    buffers[tenure.number]?.isLent = false
    buffers[tenure.number]?.fence = fence
    if !lent.isKept { buffers[tenure.number] = nil }
    return .released(
      HandOver(tenure), lent.buffer, refusal: refusal.isEmpty ? nil : refusal)
  }
}

extension WireOffer {
  /// - Parameter buffer: Exported: its memory is one descriptor, at whose start the image begins.
  init(
    _ buffer: TextureBuffer, as tenure: WireTenure, isKept: Bool, orientation: Orientation,
    after fence: WireFence
  ) {
    let layout = buffer.layout
    self.init(
      tenure: tenure, width: UInt32(clamping: layout.width),
      height: UInt32(clamping: layout.height),
      format: layout.format,
      planes: layout.planes.map {
        Plane(
          offset: UInt64(buffer.offset + $0.offset), pitch: UInt32(clamping: $0.pitch), memory: 0)
      },
      memories: 1, isKept: isKept, orientation: orientation, colour: layout.colour,
      alpha: layout.alpha, sampling: layout.sampling, fence: fence,
      label: buffer.name.fit(forWire: WireForm.longestName),
      attributes: buffer.plan.map { BufferConstraints(met: $0.attributes) } ?? BufferConstraints())
  }
}

extension BufferConstraints {
  /// What memory keeps that was allocated to such attributes. Lists that are long are left out: those who
  /// touch the image know the format and the heap that came of them.
  fileprivate init(met merged: MergedAttributes) {
    offsetAlignment = merged.offsetAlignment
    pitchAlignment = merged.pitchAlignment
    heightAlignment = merged.heightAlignment
    sizeAlignment = merged.sizeAlignment
    physicalAlignment = merged.physicalAlignment
    minPitch = merged.minPitch
    (maxPitch, maxWidth, maxHeight, maxSize) =
      (merged.maxPitch, merged.maxWidth, merged.maxHeight, merged.maxSize)
    formats = merged.format.map { [$0] }
    heaps = merged.heaps?.count == 1 ? merged.heaps : nil
    caching = merged.chosenCaching.map { [$0] }
    contiguous = merged.contiguous
    protected = merged.protected
    cpuUsage = merged.cpuUsage
    deviceUsage = merged.deviceUsage
  }
}
