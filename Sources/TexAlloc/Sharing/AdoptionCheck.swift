/// The checks of a layout that comes from outside; all sums are checked for overflow.
struct AdoptionCheck {
  let name: String
  let layout: ImageLayout
  /// Bytes from the start of the memory to the image.
  let offset: Int
  /// Bytes.
  let memorySize: Int

  func check(for cpuUsage: Set<CPUUsage>) throws(AdoptionRefused) {
    try checkPlanes()
    guard offset >= 0 else { throw refusal("offset", "at least 0", offset) }
    let end = offset.checkedSum(layout.size)
    guard let end, end <= memorySize else {
      throw refusal(
        "size", "an image within \(memorySize) bytes of memory",
        "\(layout.size) at \(offset)")
    }
    if cpuUsage.contains(.randomWrite) {
      throw refusal("cpuUsage", "read, sequentialWrite", "randomWrite")
    }
    if cpuUsage.contains(.sequentialWrite) { try checkLines() }
  }

  private func checkPlanes() throws(AdoptionRefused) {
    let shapes = layout.shapes
    guard !shapes.isEmpty else {
      throw refusal("formats", "a linear format whose planes are known", layout.format)
    }
    guard layout.width > 0 else { throw refusal("width", "at least 1", layout.width) }
    guard layout.height > 0 else { throw refusal("height", "at least 1", layout.height) }
    guard layout.planes.count == shapes.count else {
      throw refusal("planes", "\(shapes.count) of \(layout.format)", layout.planes.count)
    }
    for (index, (plane, shape)) in zip(layout.planes, shapes).enumerated() {
      func field(_ field: String) -> String { "\(field) of plane \(index)" }
      guard let row = shape.bytes(across: layout.width) else {
        throw refusal("width", "rows of at most \(Int.max) bytes", layout.width)
      }
      guard plane.pitch >= row else {
        throw refusal(field("pitch"), "at least \(row)", plane.pitch)
      }
      let rows = shape.rows(down: layout.height)
      guard plane.rows >= rows else {
        throw refusal(field("rows"), "at least \(rows)", plane.rows)
      }
      guard plane.offset >= 0 else { throw refusal(field("offset"), "at least 0", plane.offset) }
      guard let end = plane.pitch.checkedProduct(plane.rows)?.checkedSum(plane.offset),
        end <= layout.size
      else {
        throw refusal(
          field("size"), "a plane within the image's \(layout.size) bytes",
          "\(plane.rows) rows of \(plane.pitch) at \(plane.offset)")
      }
    }
  }

  private func checkLines() throws(AdoptionRefused) {
    let line = PlaneWriter.lineSize
    for (index, plane) in layout.planes.enumerated() {
      guard plane.pitch.isMultiple(of: line) else {
        throw refusal(
          "pitchAlignment of plane \(index)", "a multiple of \(line)", plane.pitch)
      }
      let start = offset + plane.offset
      guard start.isMultiple(of: line) else {
        throw refusal("offsetAlignment of plane \(index)", "a multiple of \(line)", start)
      }
    }
  }

  private func refusal(_ field: String, _ wanted: String, _ held: some Any) -> AdoptionRefused {
    .unsuitable(buffer: name, field: field, wanted: wanted, held: "\(held)")
  }
}

extension ImageLayout {
  /// Whether every row of every plane is whole lines, as writers want them.
  var isInWholeLines: Bool {
    planes.allSatisfy {
      $0.pitch.isMultiple(of: PlaneWriter.lineSize)
        && $0.offset.isMultiple(of: PlaneWriter.lineSize)
    }
  }
}

/// Why memory of the application was not adopted. It is as it was, and nothing of it is kept.
public enum AdoptionRefused: Error, Hashable, Sendable {
  /// The field: `descriptor`, `seals`, `cpuUsage`; or one of the layout: `formats`, `width`, `height`,
  /// `planes`, `pitch`, `rows`, `offset`, `size`, `pitchAlignment`, `offsetAlignment`, those of a
  /// plane with its number, `pitch of plane 1`. What it must be, and what it is, lengths in bytes.
  case unsuitable(buffer: String, field: String, wanted: String, held: String)
  /// A call of the kernel that the memory was asked with.
  case failed(SystemFailure)
}

extension AdoptionRefused: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsuitable(let buffer, let field, let wanted, let held):
      "\(buffer): \(field): wanted \(wanted), held \(held)"
    case .failed(let failure): "\(failure)"
    }
  }
}
