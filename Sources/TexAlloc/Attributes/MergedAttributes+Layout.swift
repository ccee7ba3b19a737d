extension MergedAttributes {
  /// The same with the layout of an image, where there is one.
  func laidOut(
    for image: ImageSize?, in table: FormatTable
  ) throws(MergeRefusal) -> MergedAttributes {
    guard let image else { return self }
    var merged = self
    merged.layout = try layout(of: image, in: table)
    return merged
  }

  /// The planes of an image in the chosen format; nil without one, once the image's size is checked.
  func layout(
    of image: ImageSize, in table: FormatTable
  ) throws(MergeRefusal) -> ImageLayout? {
    try layout(of: image, in: format, of: table)
  }

  /// The planes of an image in this format; nil without a format, once the image's size is checked.
  ///
  /// - Parameters:
  ///   - table: The formats that may be laid out.
  ///   - field: Where given, limits of other fields do not count, and only whether it throws does.
  /// - Throws: The first limit that the image passes.
  func layout(
    of image: ImageSize, in format: Format?, of table: FormatTable,
    onlyFor field: MergeConflict.Field? = nil
  ) throws(MergeRefusal) -> ImageLayout? {
    try Self.check(image.width, .width, minWidth, maxWidth)
    try Self.check(image.height, .height, minHeight, maxHeight)
    guard let format else { return nil }
    guard format.modifier == .linear, let shapes = table[format.fourcc] else {
      throw MergeRefusal(.formats)
    }
    var planes: ImageLayout.Planes = []
    var end = 0
    for shape in shapes {
      guard let pitch = pitch(of: shape, across: image.width) else {
        // What ends behind such a row passes all numbers, too.
        throw MergeRefusal(field == .maxSize ? .maxSize : .maxPitch, .overflow)
      }
      if let maxPitch, pitch > maxPitch, field ?? .maxPitch == .maxPitch {
        throw MergeRefusal(.maxPitch, .value(pitch, limit: maxPitch))
      }
      // A later plane may have a longer pitch, whatever they add up to.
      if field == .maxPitch { continue }
      guard
        let rows = shape.rows(down: image.height).checkedRoundedUp(toMultipleOf: heightAlignment),
        let offset = end.checkedRoundedUp(toMultipleOf: offsetAlignment),
        let next = pitch.checkedProduct(rows)?.checkedSum(offset)
      else { throw MergeRefusal(.maxSize, .overflow) }
      planes.append(.init(offset: offset, pitch: pitch, rows: rows))
      end = next
    }
    guard let size = max(end, minSize).checkedRoundedUp(toMultipleOf: sizeAlignment) else {
      throw MergeRefusal(.maxSize, .overflow)
    }
    if let maxSize, size > maxSize {
      throw MergeRefusal(.maxSize, .value(size, limit: maxSize))
    }
    return ImageLayout(
      width: image.width, height: image.height, format: format, planes: planes, shapes: shapes,
      size: size)
  }

  /// nil on overflow.
  private func pitch(of shape: PlaneShape, across width: Int) -> Int? {
    shape.bytes(across: width).flatMap {
      max($0, minPitch).checkedRoundedUp(toMultipleOf: pitchAlignment)
    }
  }

  private static func check(_ length: Int, _ field: MergeConflict.Field, _ least: Int, _ most: Int?)
    throws(MergeRefusal)
  {
    if length < least { throw MergeRefusal(field, .value(length, limit: least)) }
    if let most, length > most { throw MergeRefusal(field, .value(length, limit: most)) }
  }
}

extension MergedAttributes {
  /// What a slot that is carved for an image begins at a multiple of, in its slab.
  var slotAlignment: Int {
    contiguous ? offsetAlignment.leastCommonMultiple(with: physicalAlignment) : offsetAlignment
  }
}
