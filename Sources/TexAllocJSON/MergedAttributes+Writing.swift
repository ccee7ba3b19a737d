public import TexAlloc

extension MergedAttributes {
  /// `{"merged": …, "format": …}` on one line: every field with its default, without maxima and lists
  /// that no one restricts.
  public var json: String {
    let chosen = alternatives.map {
      JSONValue.Member(key: $0.participant, value: .integer($0.index))
    }
    return JSONValue.object([
      "merged": fields,
      "format": format.map { .init($0) } ?? .null,
      "chosenCaching": chosenCaching.map { .string($0.rawValue) } ?? .null,
      "buffers": .integer(buffers),
      "alternatives": .object(chosen),
      "layout": layout.map { .init($0) },
    ]).text
  }

  private var fields: JSONValue {
    .object([
      "offsetAlignment": .integer(offsetAlignment),
      "pitchAlignment": .integer(pitchAlignment),
      "heightAlignment": .integer(heightAlignment),
      "sizeAlignment": .integer(sizeAlignment),
      "physicalAlignment": .integer(physicalAlignment),
      "minPitch": .integer(minPitch), "maxPitch": maxPitch.map { .integer($0) },
      "minWidth": .integer(minWidth), "maxWidth": maxWidth.map { .integer($0) },
      "minHeight": .integer(minHeight), "maxHeight": maxHeight.map { .integer($0) },
      "minSize": .integer(minSize), "maxSize": maxSize.map { .integer($0) },
      "minBuffers": .integer(minBuffers), "maxBuffers": maxBuffers.map { .integer($0) },
      "heldBuffers": .integer(heldBuffers),
      "formats": formats.map { .formats($0) },
      "heaps": heaps.map { .strings($0) },
      "caching": caching.map { .words($0) },
      "contiguous": .boolean(contiguous), "protected": .boolean(protected),
      "cpuUsage": .words(cpuUsage), "deviceUsage": .words(deviceUsage),
    ])
  }
}

extension JSONValue {
  fileprivate init(_ layout: ImageLayout) {
    let planes = layout.planes.map { plane in
      JSONValue.object([
        "offset": .integer(plane.offset), "pitch": .integer(plane.pitch),
        "rows": .integer(plane.rows),
      ])
    }
    self = .object(["planes": .array(planes), "size": .integer(layout.size)])
  }
}
