extension WireMessage {
  /// Reads one packet.
  ///
  /// - Parameters:
  ///   - bytes: All of it.
  ///   - descriptors: How many came with it.
  ///   - sequence: How many its sender sent before on this connection.
  /// - Throws: `MalformedMessage` with the first field that is at fault. Whatever is accepted, is encoded
  ///   as the same bytes again.
  init(
    _ bytes: Span<UInt8>, descriptors: Int, sequence: UInt64
  ) throws(MalformedMessage) {
    var reader = WireReader(bytes)
    let kind = try reader.header(bytes.count, descriptors, sequence)
    reader.message = "\(kind)"
    switch kind {
    case .hello: self = .hello(name: try reader.text("name", atMost: WireForm.longestName))
    case .ask: self = .ask
    case .attributes:
      self = .attributes(
        try reader.list("participants", of: 0...UInt8(WireForm.mostParticipants)) {
          reader throws(MalformedMessage) in try reader.participant()
        })
    case .conflict: self = .conflict(try reader.text("words", atMost: WireForm.longestWords))
    case .offer: self = .offer(try reader.offer())
    case .again: self = .again(try reader.tenure(), try reader.fence())
    case .release:
      self = .release(
        try reader.tenure(), try reader.fence(),
        refusal: try reader.text("refusal", atMost: WireForm.longestWords))
    case .withdraw: self = .withdraw(number: try reader.number("number", in: 1...UInt64.max))
    case .reached: self = .reached(try reader.number("counter", in: 1...UInt64.max))
    case .farewell: self = .farewell(try reader.text("words", atMost: WireForm.longestWords))
    }
    guard reader.left == 0 else { throw reader.refusal("size", "no more bytes", reader.left) }
    guard self.descriptors == descriptors else {
      throw reader.refusal("descriptors", "\(self.descriptors)", descriptors)
    }
  }
}

extension WireReader {
  @_lifetime(self: copy self)
  fileprivate mutating func header(
    _ size: Int, _ descriptors: Int, _ sequence: UInt64
  ) throws(MalformedMessage) -> WireMessage.Kind {
    _ = try number("magic", in: WireForm.magic...WireForm.magic)
    _ = try number("version", in: WireForm.version...WireForm.version)
    let kinds = WireMessage.Kind.allCases
    let number = try number("kind", in: kinds[0].rawValue...kinds[kinds.count - 1].rawValue)
    guard let kind = WireMessage.Kind(rawValue: number) else {
      throw refusal("kind", "one of the page", number)
    }
    message = "\(kind)"
    let stated = try self.number("size", as: UInt32.self)
    guard Int(stated) == size, size <= WireForm.largestMessage else {
      throw refusal("size", "the packet's \(min(size, WireForm.largestMessage))", stated)
    }
    let count = try self.number("descriptors", as: UInt32.self)
    guard Int(count) == descriptors else {
      throw refusal("descriptors", "the packet's \(descriptors)", count)
    }
    let place = try self.number("sequence", as: UInt64.self)
    guard place == sequence else { throw refusal("sequence", "\(sequence)", place) }
    return kind
  }

  @_lifetime(self: copy self)
  fileprivate mutating func tenure() throws(MalformedMessage) -> WireTenure {
    WireTenure(
      number: try number("number", in: 1...UInt64.max),
      generation: try number("generation", in: 1...UInt64.max))
  }

  @_lifetime(self: copy self)
  fileprivate mutating func fence() throws(MalformedMessage) -> WireFence {
    let kind = try number("fence", in: 0...2 as ClosedRange<UInt64>)
    let limits: ClosedRange<UInt64> = kind == 2 ? 1...UInt64.max : 0...0
    let counter = try number("counter", in: limits)
    return kind == 0 ? .passed : kind == 1 ? .syncFile : .counter(counter)
  }

  @_lifetime(self: copy self)
  fileprivate mutating func offer() throws(MalformedMessage) -> WireOffer {
    let tenure = try tenure()
    guard tenure.generation == 1 else { throw refusal("generation", "1", tenure.generation) }
    let fence = try fence()
    let sides: ClosedRange<UInt32> = 1...UInt32(Int32.max)
    let (width, height) = (try number("width", in: sides), try number("height", in: sides))
    let fourcc = Fourcc(rawValue: try number("fourcc"))
    let planeCount = Int(try number("planes", in: 1...UInt8(WireOffer.planeLimit)))
    let memories = Int(try number("memories", in: 1...UInt8(planeCount)))
    let isKept = try flag("kept")
    guard let orientation = Orientation(rawValue: try number("orientation", in: 1...8)) else {
      throw refusal("orientation", "1 … 8", "another")
    }
    let modifier = Modifier(rawValue: try number("modifier"))
    let colour = Colour(
      matrix: try word("matrix"), range: try word("range"), transfer: try word("transfer"),
      horizontalSiting: try word("horizontalSiting"), verticalSiting: try word("verticalSiting"))
    let (alpha, sampling): (Alpha, Sampling) = (try word("alpha"), try word("sampling"))
    _ = try number("reserved", in: 0...0 as ClosedRange<UInt8>)
    return WireOffer(
      tenure: tenure, width: width, height: height, format: Format(fourcc, modifier),
      planes: try planes(planeCount, in: memories), memories: memories, isKept: isKept,
      orientation: orientation, colour: colour, alpha: alpha, sampling: sampling, fence: fence,
      label: try text("label", atMost: WireForm.longestName), attributes: try constraints())
  }

  @_lifetime(self: copy self)
  private mutating func planes(
    _ count: Int, in memories: Int
  ) throws(MalformedMessage) -> [WireOffer.Plane] {
    var planes: [WireOffer.Plane] = []
    for index in 0..<WireOffer.planeLimit {
      let isUsed = index < count
      let offset = try number("offset of plane \(index)", in: 0...UInt64(isUsed ? Int64.max : 0))
      let pitch = try number(
        "pitch of plane \(index)", in: isUsed ? 1...UInt32(Int32.max) : 0...0)
      let memory = try number(
        "memory of plane \(index)", in: 0...UInt32(isUsed ? memories - 1 : 0))
      if isUsed { planes.append(.init(offset: offset, pitch: pitch, memory: memory)) }
    }
    guard (0..<memories).allSatisfy({ number in planes.contains { $0.memory == number } }) else {
      throw refusal("memories", "a plane in each", memories)
    }
    return planes
  }
}
