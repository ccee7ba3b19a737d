extension WireMessage {
  /// The bytes of the message.
  ///
  /// - Parameter sequence: How many its sender sent before on this connection.
  func encoded(as sequence: UInt64) -> [UInt8] {
    var writer = WireWriter()
    writer.append(WireForm.magic)
    writer.append(WireForm.version)
    writer.append(kind.rawValue)
    writer.append(UInt32(0))
    writer.append(UInt32(descriptors))
    writer.append(sequence)
    append(to: &writer)
    writer.replace(UInt32(writer.bytes.count), at: 8)
    return writer.bytes
  }

  private func append(to writer: inout WireWriter) {
    switch self {
    case .hello(let name): writer.append(name)
    case .ask: break
    case .attributes(let participants):
      writer.append(UInt8(clamping: participants.count))
      for participant in participants { writer.append(participant) }
    case .conflict(let words), .farewell(let words): writer.append(words)
    case .offer(let offer): writer.append(offer)
    case .again(let tenure, let fence):
      writer.append(tenure)
      writer.append(fence)
    case .release(let tenure, let fence, let refusal):
      writer.append(tenure)
      writer.append(fence)
      writer.append(refusal)
    case .withdraw(let number): writer.append(number)
    case .reached(let counter): writer.append(counter)
    }
  }
}

extension WireWriter {
  fileprivate mutating func append(_ tenure: WireTenure) {
    append(tenure.number)
    append(tenure.generation)
  }

  fileprivate mutating func append(_ fence: WireFence) {
    switch fence {
    case .passed: append(kind: 0, counter: 0)
    case .syncFile: append(kind: 1, counter: 0)
    case .counter(let counter): append(kind: 2, counter: counter)
    }
  }

  private mutating func append(kind: UInt64, counter: UInt64) {
    append(kind)
    append(counter)
  }

  fileprivate mutating func append(_ offer: WireOffer) {
    append(offer.tenure)
    append(offer.fence)
    append(offer.width)
    append(offer.height)
    append(offer.format.fourcc.rawValue)
    append(UInt8(offer.planes.count))
    append(UInt8(offer.memories))
    append(UInt8(offer.isKept ? 1 : 0))
    append(offer.orientation.rawValue)
    append(offer.format.modifier.rawValue)
    append(offer.colour.matrix)
    append(offer.colour.range)
    append(offer.colour.transfer)
    append(offer.colour.horizontalSiting)
    append(offer.colour.verticalSiting)
    append(offer.alpha)
    append(offer.sampling)
    append(UInt8(0))
    for index in 0..<WireOffer.planeLimit {
      let plane =
        index < offer.planes.count ? offer.planes[index] : .init(offset: 0, pitch: 0, memory: 0)
      append(plane.offset)
      append(plane.pitch)
      append(plane.memory)
    }
    append(offer.label)
    append(offer.attributes)
  }
}
