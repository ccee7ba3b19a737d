/// The consumer's side: which of the peer's buffers are here.
extension BufferSocket {
  /// Answers the peer's question with what this side can live with.
  ///
  /// - Parameter components: All that will touch the peer's buffers here, with their quirks. What memory
  ///   is, the peer says, which allocates.
  public func answer(with components: [any Component]) throws(SharingError) {
    guard borrowing.isAsked else { throw .misuse("attributes: the peer has not asked") }
    try send(.attributes(components.flatMap(\.participants)))
    (borrowing.isAsked, borrowing.hasAnswered) = (false, true)
  }

  /// Says that this side is done with a buffer.
  ///
  /// - Parameters:
  ///   - handOver: The one that it came with.
  ///   - fence: After which the peer may write it: a ``SyncFile`` goes to the peer as it is, of any other
  ///     it is told when it has passed. Absent, at once.
  public func release(
    _ handOver: HandOver, after fence: (any Fence)? = nil
  ) throws(SharingError) {
    try release(handOver, after: fence, refusal: "")
  }

  /// Gives a buffer back that this side cannot use.
  ///
  /// - Parameter reason: For the peer: a `RegistrationRefused`'s words.
  public func refuse(_ handOver: HandOver, because reason: String) throws(SharingError) {
    let words = reason.fit(forWire: WireForm.longestWords)
    try release(handOver, after: nil, refusal: words.isEmpty ? "refused" : words)
  }

  private func release(
    _ handOver: HandOver, after fence: (any Fence)?, refusal: String
  ) throws(SharingError) {
    guard let held = borrowing.buffers[handOver.number], held.isHere,
      held.image.handOver == handOver
    else {
      throw .misuse(
        "generation \(handOver.generation) of buffer \(handOver.number): it is not here")
    }
    try send([], after: fence) { .release(WireTenure(handOver), $0, refusal: refusal) }
    borrowing.buffers[handOver.number]?.isHere = false
    if !held.image.isKept { borrowing.buffers[handOver.number] = nil }
  }

  func take(_ offer: WireOffer, _ packet: Packet) throws(SharingError) -> SharingEvent {
    guard offer.tenure.number > borrowing.last else {
      throw .unexpected(
        message: "offer",
        because: "buffer \(offer.tenure.number) after \(borrowing.last): names ascend")
    }
    borrowing.last = offer.tenure.number
    guard borrowing.buffers.count < limits.buffers else {
      throw .quota(
        field: "buffers", held: borrowing.buffers.count, wanted: 1, limit: limits.buffers)
    }
    let image = ReceivedBuffer(
      handOver: HandOver(offer.tenure),
      buffer: try TextureBuffer(receiving: offer, in: packet, within: quota),
      orientation: offer.orientation, attributes: offer.attributes, isKept: offer.isKept,
      fence: try fence(offer.fence, packet))
    borrowing.buffers[offer.tenure.number] = .init(image: image, isHere: true)
    return .received(image)
  }

  func take(_ tenure: WireTenure, _ fence: (any Fence)?) throws(SharingError) -> SharingEvent {
    guard var held = borrowing.buffers[tenure.number], held.image.isKept, !held.isHere,
      tenure.generation == held.image.handOver.generation + 1
    else {
      throw .unexpected(
        message: "again",
        because: "generation \(tenure.generation) of buffer \(tenure.number) does not come next")
    }
    held.image.handOver = HandOver(tenure)
    held.image.fence = fence
    held.isHere = true
    borrowing.buffers[tenure.number] = held
    return .received(held.image)
  }
}

/// What of the peer's is here, and what the peer may therefore say.
struct Borrowing {
  struct Held {
    var image: ReceivedBuffer
    /// Whether it was not released.
    var isHere: Bool
  }

  /// By number.
  var buffers: [UInt64: Held] = [:]
  /// The highest number so far.
  var last: UInt64 = 0
  var isAsked = false
  var hasAnswered = false

  mutating func takeQuestion() throws(SharingError) -> SharingEvent {
    guard !isAsked else {
      throw .unexpected(message: "ask", because: "the question before has no answer yet")
    }
    isAsked = true
    return .asked
  }

  mutating func takeConflict(_ words: String) throws(SharingError) -> SharingEvent {
    guard hasAnswered else {
      throw .unexpected(message: "conflict", because: "it was sent no attributes")
    }
    hasAnswered = false
    return .conflict(words)
  }

  mutating func takeWithdrawal(of number: UInt64) throws(SharingError) -> SharingEvent {
    guard let held = buffers[number], held.image.isKept, !held.isHere else {
      throw .unexpected(
        message: "withdraw", because: "buffer \(number) was not kept, or is here")
    }
    buffers[number] = nil
    return .withdrawn(held.image)
  }
}
