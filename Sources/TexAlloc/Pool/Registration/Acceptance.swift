extension BufferAttributes {
  /// Checks a buffer against what the component can live with, before any driver sees it. What is not
  /// known of a buffer, its heap or its caching, refuses nobody, and no more does a heap that is another
  /// driver's, ``Heap/isForeign``: only trying shows. One whose writing failed is refused by everybody.
  ///
  /// - Throws: The first attribute that does not suit, with what was wanted and what is held; where
  ///   there are alternatives, that of the last one.
  public func accept(_ buffer: TextureBuffer) throws(RegistrationRefused) {
    try buffer.requireContents(for: name)
    try constraints.accept(buffer, for: name)
    var refusal: RegistrationRefused?
    for alternative in alternatives {
      do {
        try alternative.accept(buffer, for: name)
        return
      } catch {
        refusal = error
      }
    }
    if let refusal { throw refusal }
  }
}

extension TextureBuffer {
  /// - Throws: `RegistrationRefused` for what is no picture, or not any more.
  package func requireContents(for component: String) throws(RegistrationRefused) {
    if hasContents { return }
    func refusal(_ cause: RegistrationRefused.Cause, held: String) -> RegistrationRefused {
      RegistrationRefused(
        cause, by: component, field: "contents", wanted: "an image that was written", held: held)
    }
    if let reason = discardReason { throw refusal(.discarded, held: reason) }
    if isLost { throw refusal(.memoryLost, held: "one that went with its device, which is lost") }
    if isSpent { throw refusal(.spent, held: "one whose memory is spent: a device has a copy") }
  }
}

extension BufferConstraints {
  fileprivate func accept(
    _ buffer: TextureBuffer, for component: String
  ) throws(RegistrationRefused) {
    let layout = buffer.layout
    func check(
      _ holds: Bool, _ cause: RegistrationRefused.Cause, _ field: AttributeField,
      _ wanted: @autoclosure () -> String, _ held: @autoclosure () -> String
    ) throws(RegistrationRefused) {
      if holds { return }
      throw RegistrationRefused(
        cause, by: component, field: field.rawValue, wanted: wanted(), held: held())
    }
    func multiple(
      _ value: Int, of alignment: Int?, _ cause: RegistrationRefused.Cause, _ field: AttributeField
    ) throws(RegistrationRefused) {
      let alignment = alignment ?? 1
      try check(
        value.isMultiple(of: alignment), cause, field, "a multiple of \(alignment)", "\(value)")
    }
    func within(
      _ value: Int, _ cause: RegistrationRefused.Cause, _ least: Int?, _ leastField: AttributeField,
      _ most: Int?, _ mostField: AttributeField
    ) throws(RegistrationRefused) {
      try check(value >= least ?? 0, cause, leastField, "at least \(least ?? 0)", "\(value)")
      try check(value <= most ?? .max, cause, mostField, "at most \(most ?? .max)", "\(value)")
    }

    if let formats {
      try check(
        formats.contains(layout.format), .format, .formats,
        formats.map(\.description).joined(separator: ", "), layout.format.description)
    }
    if let heaps, let held = buffer.heap, !buffer.isForeign {
      try check(heaps.contains(held), .heap, .heaps, heaps.joined(separator: ", "), held)
    }
    if let caching, let held = buffer.caching {
      try check(
        caching.contains(held), .caching, .caching, caching.map(\.rawValue).joined(separator: ", "),
        held.rawValue)
    }
    try within(layout.width, .size, minWidth, .minWidth, maxWidth, .maxWidth)
    try within(layout.height, .size, minHeight, .minHeight, maxHeight, .maxHeight)
    try within(layout.size, .size, minSize, .minSize, maxSize, .maxSize)
    try multiple(layout.size, of: sizeAlignment, .size, .sizeAlignment)
    for (index, plane) in layout.planes.enumerated() {
      try multiple(plane.pitch, of: pitchAlignment, .pitch, .pitchAlignment)
      let offset = buffer.place(ofPlane: index).offset
      try multiple(offset, of: offsetAlignment, .offset, .offsetAlignment)
      try multiple(plane.rows, of: heightAlignment, .size, .heightAlignment)
      try within(plane.pitch, .pitch, minPitch, .minPitch, maxPitch, .maxPitch)
    }
    let end = buffer.offset + layout.size
    guard buffer.offset >= 0 && end <= buffer.slabSize else {
      throw RegistrationRefused(
        .size, by: component, field: "size",
        wanted: "an image within \(buffer.slabSize) bytes of memory",
        held: "one that ends at \(end)")
    }
  }
}
