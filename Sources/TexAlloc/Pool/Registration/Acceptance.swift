extension BufferAttributes {
  /// Checks a buffer against what the component can live with, before any driver sees it. What is not
  /// known of a buffer, its heap or its caching, refuses nobody: only trying shows.
  ///
  /// - Throws: The first attribute that does not suit, with what was wanted and what is held; where
  ///   there are alternatives, that of the last one.
  package func accept(_ buffer: TextureBuffer) throws(RegistrationRefused) {
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

extension BufferConstraints {
  fileprivate func accept(
    _ buffer: TextureBuffer, for component: String
  ) throws(RegistrationRefused) {
    let layout = buffer.layout
    func check(
      _ holds: Bool, _ field: String, _ wanted: @autoclosure () -> String,
      _ held: @autoclosure () -> String
    ) throws(RegistrationRefused) {
      if holds { return }
      throw RegistrationRefused(
        component: component, field: field, wanted: wanted(), held: held())
    }
    func multiple(_ value: Int, of alignment: Int?, _ field: String) throws(RegistrationRefused) {
      let alignment = alignment ?? 1
      try check(
        value.isMultiple(of: alignment), field, "a multiple of \(alignment)", "\(value)")
    }
    func within(
      _ value: Int, _ least: Int?, _ leastField: String, _ most: Int?, _ mostField: String
    ) throws(RegistrationRefused) {
      try check(value >= least ?? 0, leastField, "at least \(least ?? 0)", "\(value)")
      try check(value <= most ?? .max, mostField, "at most \(most ?? .max)", "\(value)")
    }

    if let formats {
      try check(
        formats.contains(layout.format), "formats",
        formats.map(\.description).joined(separator: ", "), layout.format.description)
    }
    if let heaps, let held = buffer.heap {
      try check(heaps.contains(held), "heaps", heaps.joined(separator: ", "), held)
    }
    if let caching, let held = buffer.caching {
      try check(
        caching.contains(held), "caching", caching.map(\.rawValue).joined(separator: ", "),
        held.rawValue)
    }
    try within(layout.width, minWidth, "minWidth", maxWidth, "maxWidth")
    try within(layout.height, minHeight, "minHeight", maxHeight, "maxHeight")
    try within(layout.size, minSize, "minSize", maxSize, "maxSize")
    try multiple(layout.size, of: sizeAlignment, "sizeAlignment")
    for plane in layout.planes {
      try multiple(plane.pitch, of: pitchAlignment, "pitchAlignment")
      try multiple(buffer.offset + plane.offset, of: offsetAlignment, "offsetAlignment")
      try multiple(plane.rows, of: heightAlignment, "heightAlignment")
      try within(plane.pitch, minPitch, "minPitch", maxPitch, "maxPitch")
    }
    let end = buffer.offset + layout.size
    try check(
      buffer.offset >= 0 && end <= buffer.slabSize, "size",
      "an image within \(buffer.slabSize) bytes of memory", "one that ends at \(end)")
  }
}
