internal import TexAlloc

extension MergedAttributes {
  /// One row a line, for people.
  var table: String {
    let rows = limits + choices + planes
    let width = rows.map(\.name.count).max() ?? 0
    return rows.map { row in
      row.name + String(repeating: " ", count: width + 2 - row.name.count) + row.value
    }.joined(separator: "\n")
  }

  private typealias Row = (name: String, value: String)

  private var limits: [Row] {
    [
      (
        "alignment",
        "offset \(offsetAlignment), pitch \(pitchAlignment), height \(heightAlignment), "
          + "size \(sizeAlignment), physical \(physicalAlignment)"
      ),
      ("pitch", range(minPitch, maxPitch)),
      ("width", range(minWidth, maxWidth)),
      ("height", range(minHeight, maxHeight)),
      ("size", range(minSize, maxSize)),
      ("buffers", "\(buffers): \(range(minBuffers, maxBuffers)), \(heldBuffers) held"),
      ("formats", list(formats?.map(\.description), absent: "any")),
      ("heaps", list(heaps, absent: "any")),
      ("caching", list(caching?.map(\.rawValue), absent: "any")),
      ("contiguous", contiguous ? "yes" : "no"),
      ("protected", protected ? "yes" : "no"),
      ("CPU", list(cpuUsage.map(\.rawValue), absent: "")),
      ("devices", list(deviceUsage.map(\.rawValue), absent: "")),
    ]
  }

  private var choices: [Row] {
    [
      ("chosen format", format?.description ?? "none"),
      ("chosen caching", chosenCaching?.rawValue ?? "none"),
    ] + alternatives.map { ("alternative", "\($0.index) of \($0.participant)") }
  }

  private var planes: [Row] {
    guard let layout else { return [] }
    let planes = layout.planes.enumerated().map { index, plane in
      Row("plane \(index)", "offset \(plane.offset), pitch \(plane.pitch), rows \(plane.rows)")
    }
    return planes + [("image size", "\(layout.size)")]
  }
}

private func range(_ least: Int, _ most: Int?) -> String {
  "\(least) … " + (most.map { "\($0)" } ?? "unlimited")
}

private func list(_ words: [String]?, absent: String) -> String {
  guard let words else { return absent }
  return words.isEmpty ? "none" : words.joined(separator: ", ")
}
